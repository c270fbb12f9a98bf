import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import type { BusEvent } from "../../events/event.ts";
import { parseTraceparent } from "./traceparent.ts";

/** What the API asks a context for when it looks for a span. */
let spanKey: symbol | undefined;
trace.getSpan({ getValue: (key) => void (spanKey = key) } as Context);

/**
 * A context that holds a span and nothing else. The API's own copies a map for each; this one is
 * made into one of the API's only by whoever puts more into it.
 */
class ParentContext implements Context {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  getValue(key: symbol): unknown {
    return key === spanKey ? this.#span : undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#copy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#copy().deleteValue(key);
  }

  #copy(): Context {
    return trace.setSpan(ROOT_CONTEXT, this.#span);
  }
}

/** The context of a span's children. */
export function contextOf(parent: Span): Context {
  return new ParentContext(parent);
}

/** What identifies a remote span, `undefined` if its `traceparent` is malformed. */
export function remoteSpanContext(
  { traceparent, tracestate }: { readonly traceparent?: unknown; readonly tracestate?: unknown },
): SpanContext | undefined {
  const remote = parseTraceparent(traceparent);
  // What is malformed in it is left out, as the W3C asks.
  return remote !== undefined && typeof tracestate === "string" && tracestate !== ""
    ? { ...remote, traceState: createTraceState(tracestate) }
    : remote;
}

/**
 * The context of the span that an event's `traceparent` and `tracestate` name, an empty one if it
 * names none; `undefined` if the traceparent is malformed.
 */
export function remoteContext(
  event: Pick<BusEvent, "traceparent" | "tracestate">,
): Context | undefined {
  if (event.traceparent === undefined) return ROOT_CONTEXT;
  const remote = remoteSpanContext(event);
  return remote && contextOf(trace.wrapSpanContext(remote));
}

/**
 * What a span's parent is found in: a span of somebody else that is active, else one that is open here,
 * else what the start event names; `undefined` if that is malformed.
 */
export function parentContext(
  event: Pick<BusEvent, "traceparent" | "tracestate">,
  parent: Span | undefined,
  foreign: SpanContext | undefined,
): Context | undefined {
  if (foreign !== undefined) return contextOf(trace.wrapSpanContext(foreign));
  return parent === undefined ? remoteContext(event) : contextOf(parent);
}
