import { type Context, createTraceState, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { BusEvent } from "../../events/event.ts";
import type { OpenSpan } from "./session_spans.ts";
import { parseTraceparent } from "./traceparent.ts";

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
  const state = typeof tracestate === "string" && tracestate !== ""
    ? { traceState: createTraceState(tracestate) }
    : {};
  return trace.setSpanContext(ROOT_CONTEXT, { ...remote, ...state });
}

/** The context that a span's children start in. */
export function contextOf(parent: OpenSpan): Context {
  return parent.context ??= trace.setSpan(ROOT_CONTEXT, parent.span);
}
