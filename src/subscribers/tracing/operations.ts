import { type Context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { BusEvent } from "../../events/event.ts";
import type { AnnouncedSpan, SpanSource, StartingOperation } from "../../internal/span_source.ts";
import type { SpanContext, SpanOptions, TracerLike } from "../otel_api.ts";
import { contextOf, remoteContext } from "./contexts.ts";
import type { OpenSpans } from "./open_spans.ts";
import type { NamedSpan, OpenSpan, SessionSpans } from "./session_spans.ts";
import { SPAN_KINDS } from "./span_kinds.ts";
import { formatTraceparent } from "./traceparent.ts";

/** A tracer that says beforehand which ids a span will have: a `BusTracer` is one. */
interface ReservingTracer extends TracerLike {
  reserveSpan(
    name: string,
    options: SpanOptions,
    operationId: string,
    context: Context,
  ): SpanContext;
}

/** An operation of `@busbar/busbar/context` whose start event has not been handled. */
export interface Announced {
  readonly named: NamedSpan;
  /** The operation that it is a part of; `""` if there is none. */
  readonly parentId: string;
  /** What its span will be, if the tracer says so beforehand. */
  readonly reserved: SpanContext | undefined;
  /** The span of somebody else that it was begun in. */
  readonly foreign: SpanContext | undefined;
  /** Whether that span stands for its own. */
  readonly joins: boolean;
}

/** One whose span is open. */
interface OpenOperation {
  readonly parentId: string;
  readonly span: OpenSpan;
}

/** Where the id of the span begins and ends in a `traceparent`. */
const SPAN_ID: readonly [number, number] = [36, 52];

/**
 * The operations of `@busbar/busbar/context` that become spans: what is published within one, and the
 * operations within it, find its span by its id.
 */
export class Operations implements SpanSource {
  readonly #tracer: TracerLike;
  readonly #named: readonly NamedSpan[];
  readonly #spans: OpenSpans;
  readonly #limit: number;
  /** Whether ids may be told before the span is made: whoever reserves has to make it. */
  reserves = false;
  readonly #announced = new Map<string, Announced>();
  readonly #open = new Map<string, OpenOperation>();
  readonly #ids = new Map<OpenSpan, string>();

  /** @param limit how many may be announced and not have started */
  constructor(tracer: TracerLike, named: readonly NamedSpan[], spans: OpenSpans, limit: number) {
    this.#tracer = tracer;
    this.#named = named;
    this.#spans = spans;
    this.#limit = limit;
  }

  announce(operation: StartingOperation): AnnouncedSpan | undefined {
    const { start, end, operationId, parentId, foreign, joins } = operation;
    const named = this.#named.find(({ declaration }) =>
      declaration.start === start && declaration.end === end
    );
    if (named === undefined) return undefined;
    const reserved = joins ? undefined : this.#reserve(named, operation);
    if (this.#announced.size >= this.#limit) {
      // Its start event was dropped.
      for (const [oldest] of this.#announced) {
        this.#announced.delete(oldest);
        break;
      }
    }
    const known = foreign as SpanContext | undefined;
    this.#announced.set(operationId, { named, parentId, reserved, foreign: known, joins });
    const told = joins ? known : reserved;
    return { traceparent: told && formatTraceparent(told) };
  }

  withdraw(operationId: string): void {
    this.#announced.delete(operationId);
  }

  traceparentOf(operationId: string): string | undefined {
    const open = this.#open.get(operationId);
    return open && formatTraceparent(open.span.span.spanContext());
  }

  /** What identifies an operation's span, if it is open or known beforehand. */
  contextOf(operationId: string): SpanContext | undefined {
    return this.#open.get(operationId)?.span.span.spanContext() ??
      this.#announced.get(operationId)?.reserved;
  }

  /** What was announced for an event that starts such a span, once. */
  take(named: NamedSpan, { operationId }: BusEvent): Announced | undefined {
    if (this.#announced.size === 0) return undefined;
    const announced = this.#announced.get(operationId);
    if (announced?.named !== named) return undefined;
    this.#announced.delete(operationId);
    return announced;
  }

  /** Remembers that the span of an announced operation is open. */
  add(operationId: string, { parentId }: Announced, span: OpenSpan): void {
    this.#open.set(operationId, { parentId, span });
    this.#ids.set(span, operationId);
  }

  /** Forgets a span that has ended. */
  remove(span: OpenSpan): void {
    if (this.#ids.size === 0) return;
    const id = this.#ids.get(span);
    if (id === undefined) return;
    this.#ids.delete(span);
    this.#open.delete(id);
  }

  /**
   * The open span of the operation that an event was published in: its own, or the one that its trace
   * context names. For the start of an announced operation it is that of the one around it.
   */
  enclosing(
    { operationId, traceparent }: BusEvent,
    session: SessionSpans | undefined,
    announced?: Announced,
  ): OpenSpan | undefined {
    if (this.#open.size === 0 || session === undefined) return undefined;
    const open = this.#open.get(announced?.parentId ?? operationId) ??
      this.#open.get(traceparent?.slice(...SPAN_ID) ?? "");
    return open?.span.session === session ? open.span : undefined;
  }

  /** The nearest span of a name, beginning with this one, among those of the operations around it. */
  nearest(name: string, from: OpenSpan | undefined): OpenSpan | undefined {
    let span = from;
    while (span !== undefined && span.named.name !== name) {
      const { parentId = "" } = this.#open.get(this.#ids.get(span) ?? "") ?? {};
      span = this.#open.get(parentId)?.span;
    }
    return span;
  }

  /** Which span it will be. It has the parent that the subscriber will find when it is made. */
  #reserve(named: NamedSpan, operation: StartingOperation): SpanContext | undefined {
    const tracer = this.#tracer as Partial<ReservingTracer>;
    if (!this.reserves || typeof tracer.reserveSpan !== "function") return undefined;
    const { traceparent, tracestate, operationId, sessionId, foreign } = operation;
    const root = named.declaration.root ? undefined : this.#spans.session(sessionId)?.root;
    const parent = foreign !== undefined
      ? contextOf(trace.wrapSpanContext(foreign as SpanContext))
      : traceparent === undefined
      ? root && contextOf(root.span)
      : remoteContext({ traceparent, tracestate });
    try {
      const kind = SPAN_KINDS[named.declaration.kind];
      return tracer.reserveSpan(named.name, { kind }, operationId, parent ?? ROOT_CONTEXT);
    } catch {
      // A sampler of somebody's: it is asked again, and counted, when the span is made.
      return undefined;
    }
  }
}
