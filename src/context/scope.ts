import type { EventContext } from "../events/event.ts";
import type { SpanSource } from "../internal/span_source.ts";

/** Names and values that travel with a request: W3C baggage. */
export type Baggage = Readonly<Record<string, string>>;

/** A session or an operation: what stands in the async storage. */
export interface Scope extends EventContext {
  readonly sessionId: string;
  readonly operationId: string;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  /** What goes out by name. */
  readonly baggage: Baggage;
  /** The innermost operation that becomes a span; `""` if there is none. */
  readonly spanId: string;
  /** Who knows that span, if its ids are not known beforehand. */
  readonly spans: SpanSource | undefined;
  /** The id of the span of somebody else that was active around an operation; `""` if none was. */
  readonly around: string;
}

/** No baggage. */
export const NO_BAGGAGE: Baggage = Object.freeze(Object.create(null));

/** A context that somebody has made, as a scope. One of ours is one already. */
export function toScope(context: EventContext): Scope {
  const { sessionId = "", operationId = "", traceparent, tracestate } = context;
  const { baggage = NO_BAGGAGE, spanId = operationId, spans, around = "" } = context as Partial<
    Scope
  >;
  return { sessionId, operationId, traceparent, tracestate, baggage, spanId, spans, around };
}
