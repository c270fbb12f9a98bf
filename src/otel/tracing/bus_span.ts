import { wallMs } from "../../internal/clocks.ts";
import { exceptionType } from "../../internal/exception_type.ts";
import type {
  Attributes,
  Context,
  HrTime,
  Link,
  Span,
  SpanContext,
  SpanKind,
  SpanStatus,
  TimeInput,
} from "@opentelemetry/api";
import { SpanStatusCode } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { TimedEvent } from "@opentelemetry/sdk-trace";
import { later } from "../delta/point_time.ts";
import { limitAttributes, LimitedAttributes, limitSimpleAttributes } from "./limited_attributes.ts";
import { toHrTime } from "../../subscribers/hr_time.ts";
import type { ReadableSpan, SpanLimits, SpanProcessor } from "../sdk_types.ts";

/** What all spans of one tracer have in common. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly instrumentationScope: { readonly name: string };
  readonly limits: Required<SpanLimits>;
  readonly processor: SpanProcessor;
}

/** What is known of a span when it starts. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly startTime: HrTime;
}

const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
const NO_LINKS: Link[] = Object.freeze([]) as never;
const NO_EVENTS: TimedEvent[] = Object.freeze([]) as never;
const NOT_ENDED: HrTime = Object.freeze([0, 0]) as never;

/** A time of the OpenTelemetry API; numbers are milliseconds since the epoch. */
export function timeOf(time: TimeInput = wallMs()): HrTime {
  if (Array.isArray(time)) return time;
  return toHrTime(Number(time));
}

/**
 * A span whose attributes are scalars or lists of them, as the events of a catalog give them. It is
 * what processors and exporters of the OpenTelemetry SDK take, at a fraction of the price: nothing
 * is checked twice, no clock is read, and what is empty is shared.
 */
export class BusSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly resource: Resource;
  readonly instrumentationScope: { readonly name: string };
  droppedLinksCount = 0;
  endTime: HrTime = NOT_ENDED;
  status: SpanStatus = UNSET;
  events: TimedEvent[] = NO_EVENTS;
  links: Link[] = NO_LINKS;
  ended = false;
  droppedEventsCount = 0;
  readonly #context: SpanContext;
  readonly #origin: SpanOrigin;
  readonly #attributes = new LimitedAttributes();

  constructor(origin: SpanOrigin, start: SpanStart) {
    const { name, kind, context, parent, startTime } = start;
    this.#origin = origin;
    this.#context = context;
    this.resource = origin.resource;
    this.instrumentationScope = origin.instrumentationScope;
    this.name = name;
    this.kind = kind;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.startTime = startTime;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  get duration(): HrTime {
    const [seconds, nanoseconds] = this.endTime;
    if (!this.ended) return [-1, -1];
    const difference = nanoseconds - this.startTime[1];
    const whole = seconds - this.startTime[0];
    return difference < 0 ? [whole - 1, difference + 1e9] : [whole, difference];
  }

  get attributes(): Attributes {
    return this.#attributes.values;
  }

  get droppedAttributesCount(): number {
    return this.#attributes.dropped;
  }

  setAttribute(name: string, value: unknown): this {
    const { attributeCountLimit, attributeValueLengthLimit } = this.#origin.limits;
    if (!this.ended) {
      this.#attributes.set(name, value, attributeCountLimit, attributeValueLengthLimit);
    }
    return this;
  }

  setAttributes(attributes: Attributes): this {
    const { attributeCountLimit, attributeValueLengthLimit } = this.#origin.limits;
    if (!this.ended) {
      this.#attributes.setAll(attributes, attributeCountLimit, attributeValueLengthLimit);
    }
    return this;
  }

  /** Sets those that it begins with: what can be none is counted then, as in the SDK. */
  beginWith(attributes: Attributes): void {
    const { attributeCountLimit, attributeValueLengthLimit } = this.#origin.limits;
    this.#attributes.addAll(attributes, attributeCountLimit, attributeValueLengthLimit);
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.ended) return this;
    const { eventCountLimit, attributePerEventCountLimit, attributeValueLengthLimit } =
      this.#origin.limits;
    // Every time of the API but a plain object; attributes are nothing else.
    const onlyTime = typeof attributesOrTime === "number" || Array.isArray(attributesOrTime) ||
      attributesOrTime instanceof Date;
    if (this.events === NO_EVENTS) this.events = [];
    const at = timeOf(time ?? (onlyTime ? attributesOrTime as TimeInput : undefined));
    const attributes = onlyTime ? undefined : attributesOrTime;
    this.events.push({
      name,
      time: at,
      ...limitSimpleAttributes(attributes, attributePerEventCountLimit, attributeValueLengthLimit),
    });
    if (this.events.length > eventCountLimit) {
      this.events.shift();
      this.droppedEventsCount++;
    }
    return this;
  }

  addLink(link: Link): this {
    if (this.ended) return this;
    const { linkCountLimit, attributePerLinkCountLimit, attributeValueLengthLimit } =
      this.#origin.limits;
    if (this.links === NO_LINKS) this.links = [];
    const { context, attributes } = link;
    this.links.push({
      context,
      ...limitAttributes(attributes, attributePerLinkCountLimit, attributeValueLengthLimit),
    });
    if (this.links.length > linkCountLimit) {
      this.links.shift();
      this.droppedLinksCount++;
    }
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    // What the application has called a success stays one.
    const isFinal = this.status.code === SpanStatusCode.OK || code === SpanStatusCode.UNSET;
    if (this.ended || isFinal) return this;
    const hasMessage = code === SpanStatusCode.ERROR && typeof message === "string";
    this.status = hasMessage ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this.name = name;
    return this;
  }

  /** Adds an event named `exception`, with the attributes that the semantic conventions name. */
  recordException(
    exception: string | { code?: string | number; name?: string; message?: string; stack?: string },
    time?: TimeInput,
  ): void {
    type Recorded = Exclude<typeof exception, string>;
    // Anything can be thrown, and is recorded by who catches it.
    const recorded: Recorded = typeof exception === "string"
      ? { message: exception }
      : exception ?? {};
    const { message, stack } = recorded;
    const attributes: Attributes = {};
    const add = (key: string, value: string | undefined) => {
      if (value) attributes[key] = value;
    };
    add("exception.type", exceptionType(recorded));
    add("exception.message", message);
    add("exception.stacktrace", stack);
    // Without either it would say nothing; the SDK leaves it out too.
    const says = attributes["exception.type"] ?? attributes["exception.message"];
    if (says !== undefined) this.addEvent("exception", attributes, time);
  }

  end(time?: TimeInput): void {
    if (this.ended) return;
    this.endTime = later(this.startTime, timeOf(time));
    const { processor } = this.#origin;
    processor.onEnding?.(this);
    this.ended = true;
    processor.onEnd(this);
  }

  /** Notifies the processor of its start; called once, when its first attributes are set. */
  begin(context: Context): void {
    this.#origin.processor.onStart(this, context);
  }
}
