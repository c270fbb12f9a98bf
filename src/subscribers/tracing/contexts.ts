import { type Context, createTraceState, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
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

/**
 * The context of the span that an event's `traceparent` and `tracestate` name, an empty one if it
 * names none; `undefined` if the traceparent is malformed.
 */
export function remoteContext(
  { traceparent, tracestate }: Pick<BusEvent, "traceparent" | "tracestate">,
): Context | undefined {
  if (traceparent === undefined) return ROOT_CONTEXT;
  const remote = parseTraceparent(traceparent);
  if (remote === undefined) return undefined;
  // What is malformed in it is left out, as the W3C asks.
  const spanContext = typeof tracestate === "string" && tracestate !== ""
    ? { ...remote, traceState: createTraceState(tracestate) }
    : remote;
  return contextOf(trace.wrapSpanContext(spanContext));
}
