import { isSpanContextValid, ROOT_CONTEXT, SpanKind, trace, TraceFlags } from "@opentelemetry/api";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, ParentBasedSampler, SamplingDecision } from "@opentelemetry/sdk-trace";
import type {
  Attributes,
  Context,
  Span,
  SpanContext,
  SpanOptions,
  TracerLike,
} from "../../subscribers/otel_api.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { withDefaults } from "../../internal/with_defaults.ts";
import { BusSpan, type SpanOrigin, timeOf } from "./bus_span.ts";
import { randomSpanId, randomTraceId } from "./random_ids.ts";
import type { Sampler, SpanLimits, SpanProcessor } from "../sdk_types.ts";

/** The default limits of a span: those of OpenTelemetry's specification. */
export const DEFAULT_SPAN_LIMITS: Readonly<Required<SpanLimits>> = Object.freeze({
  attributeValueLengthLimit: Infinity,
  attributeCountLimit: 128,
  linkCountLimit: 128,
  eventCountLimit: 128,
  attributePerEventCountLimit: 128,
  attributePerLinkCountLimit: 128,
});

/** The options of an {@linkcode BusTracer}. */
export interface BusTracerOptions {
  /** Takes the spans: a `SpanBatchProcessor`, or one of the OpenTelemetry SDK. */
  readonly processor: SpanProcessor;
  /** Names the instrumentation scope. */
  readonly scopeName: string;
  /** Describes who makes the spans, such as `{ "service.name": "shop" }`. Default: nothing. */
  readonly resourceAttributes?: Attributes | undefined;
  /** Says which spans are recorded. Default: the parent's decision, all where there is none. */
  readonly sampler?: Sampler | undefined;
  /** How much a span may hold. Default: what OpenTelemetry's specification says, 128 of each. */
  readonly limits?: SpanLimits | undefined;
}

const OPTIONS: Readonly<Record<keyof BusTracerOptions, true>> = {
  processor: true,
  scopeName: true,
  resourceAttributes: true,
  sampler: true,
  limits: true,
};

const NO_LINKS: never[] = [];

/**
 * Starts the spans of a `TracingSubscriber` at a fraction of what the SDK's tracer takes for them,
 * and hands them to the same processors and exporters. It decides, with the SDK's samplers, just as
 * that one does; `deno task bench:spans` compares them.
 *
 * It is meant for spans that are made of events: their times are given, their attributes are
 * scalars and lists of them. Any other value is left out and counted in `droppedAttributesCount`.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { declare } from "@busbar/busbar/catalog";
 * import { BusTracer, SpanBatchProcessor } from "@busbar/busbar/otel";
 * import { TracingSubscriber } from "@busbar/busbar/subscribers";
 * import { InMemorySpanExporter } from "npm:@opentelemetry/sdk-trace@3.1.0";
 *
 * interface ShopEvents {
 *   "checkout.start": { cart: string };
 *   "checkout.end": { total: number };
 * }
 *
 * const exporter = new InMemorySpanExporter();
 * const processor = new SpanBatchProcessor(exporter);
 * const { span } = declare<ShopEvents>();
 * const bus = new EventBus<ShopEvents>().start();
 * bus.registerSubscriber(
 *   new TracingSubscriber<ShopEvents>({
 *     tracer: new BusTracer({ processor, scopeName: "shop" }),
 *     spans: { checkout: span("checkout.start", "checkout.end") },
 *   }),
 * );
 * bus.publish("checkout.start", { cart: "7" }, { sessionId: "a" });
 * bus.publish("checkout.end", { total: 12.5 }, { sessionId: "a" });
 * await bus.stop();
 * await processor.forceFlush();
 * const [ended] = exporter.getFinishedSpans();
 * if (ended?.attributes["total"] !== 12.5) throw new Error("no span");
 * await processor.shutdown();
 * ```
 */
export class BusTracer implements TracerLike {
  readonly #origin: SpanOrigin;
  readonly #sampler: Sampler;

  /**
   * Opens nothing.
   *
   * @throws {TypeError} if an option is unknown
   */
  constructor(options: BusTracerOptions) {
    assertKnownNames("create BusTracer", "option", options, Object.keys(OPTIONS));
    const { processor, scopeName, resourceAttributes = {}, limits = {} } = options;
    this.#sampler = options.sampler ?? new ParentBasedSampler({ root: new AlwaysOnSampler() });
    const resource: Resource = resourceFromAttributes(resourceAttributes);
    this.#origin = {
      resource,
      instrumentationScope: { name: scopeName },
      limits: withDefaults(DEFAULT_SPAN_LIMITS, limits),
      processor,
    };
  }

  /**
   * Decides beforehand what a span will be, for those who hand its ids on before it is made. The
   * sampler is asked now, without attributes, and again when the span is made.
   *
   * @param spanId the span's id: 16 lower-case hexadecimal digits, not all of them zeros
   * @param context what the parent is looked for in; default: none
   * @returns what `startSpan` takes as `reserved`
   */
  reserveSpan(
    name: string,
    options: Pick<SpanOptions, "kind">,
    spanId: string,
    context: Context = ROOT_CONTEXT,
  ): SpanContext {
    const { kind = SpanKind.INTERNAL } = options;
    const given = trace.getSpanContext(context);
    const parent = given && isSpanContextValid(given) ? given : undefined;
    const traceId = parent?.traceId ?? randomTraceId();
    const { decision } = this.#sampler.shouldSample(context, traceId, name, kind, {}, NO_LINKS);
    const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
    return { traceId, spanId, traceFlags: flagsOf(isSampled, parent) };
  }

  /**
   * Starts a span, or one that records nothing where the sampler says so.
   *
   * @param options also `reserved`: what `reserveSpan` said, though a parent's trace comes first
   * @param context what the parent is looked for in; default: none
   */
  startSpan(
    name: string,
    options: SpanOptions & { readonly reserved?: SpanContext | undefined } = {},
    context: Context = ROOT_CONTEXT,
  ): Span {
    const { kind = SpanKind.INTERNAL, attributes = {}, links = NO_LINKS, reserved } = options;
    const parentContext = options.root ? trace.deleteSpan(context) : context;
    const parentSpan = trace.getSpan(parentContext);
    const given = parentSpan?.spanContext();
    const isValid = given && (parentSpan instanceof BusSpan || isSpanContextValid(given));
    const parent = isValid ? given : undefined;
    const traceId = parent?.traceId ?? reserved?.traceId ?? randomTraceId();
    const { decision, attributes: added, traceState = parent?.traceState } = this.#sampler
      .shouldSample(
        parentContext,
        traceId,
        name,
        kind,
        attributes,
        links,
      );
    const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
    const traceFlags = flagsOf(isSampled, parent);
    const spanId = reserved?.spanId ?? randomSpanId();
    const spanContext = traceState === undefined
      ? { traceId, spanId, traceFlags }
      : { traceId, spanId, traceFlags, traceState };
    if (decision === SamplingDecision.NOT_RECORD) return trace.wrapSpanContext(spanContext);

    const { startTime } = options;
    const span = new BusSpan(this.#origin, {
      name,
      kind,
      context: spanContext,
      parent,
      startTime: timeOf(startTime),
    });
    span.beginWith(attributes);
    if (added !== undefined) span.beginWith(added);
    if (links.length > 0) span.addLinks(links);
    span.begin(parentContext);
    return span;
  }
}

/** Whether a trace's id is random, which is handed on with it: w3.org/TR/trace-context-2. */
const RANDOM_FLAG = 0x02;

function flagsOf(isSampled: boolean, parent: SpanContext | undefined): number {
  const sampled = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return sampled | ((parent?.traceFlags ?? 0) & RANDOM_FLAG);
}
