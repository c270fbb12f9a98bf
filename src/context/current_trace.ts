import type { EventContext } from "../events/event.ts";
import { toTracestate } from "../internal/otel_registry.ts";
import { KNOWN_FLAGS, splitTraceparent, toTraceparent } from "../internal/traceparent.ts";
import { currentScope } from "./async_storage.ts";
import { toScope } from "./scope.ts";
import { foreignSpan, traceparentIn } from "./scope_span.ts";

/** What the receiver of a request needs to continue a trace. */
export interface Trace {
  /** The W3C `traceparent`. */
  readonly traceparent: string;
  /** The W3C `tracestate`, `undefined` if there is none. */
  readonly tracestate: string | undefined;
  /** Both as headers, for what sends them: `fetch(url, { headers: currentTrace()?.headers ?? {} })`. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The trace that the code runs in, for requests that it sends: that of the innermost operation's span,
 * or else the caller's, as the session was given it; `undefined` if there is none. If code that knows
 * OpenTelemetry's API alone has a span active there, it is that of its span.
 *
 * An operation knows its span's ids before the span is made if the bus is that of
 * `startObservability`, or `subscribeCatalog` was given a `BusTracer`. With another tracer, also under
 * `OTEL_DENO=true`, they are known once the start event has been handled, after the first `await` for
 * instance; until then it is the caller's.
 *
 * @example
 * ```ts
 * import { currentTrace, withSession } from "@busbar/busbar/context";
 *
 * const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
 * const handedOn = withSession({ traceparent }, (session) => currentTrace(session)?.traceparent);
 * if (handedOn !== traceparent) throw new Error("not handed on");
 * ```
 *
 * @param context the session or operation to ask where no async context follows the code
 */
export function currentTrace(context?: EventContext): Trace | undefined {
  const scope = context === undefined ? currentScope() : toScope(context);
  const foreign = foreignSpan(scope, context === undefined);
  if (foreign !== undefined) return toTrace(toTraceparent(foreign), toTracestate(foreign));
  const parts = scope && splitTraceparent(traceparentIn(scope));
  if (parts === undefined) return undefined;
  const { traceId, spanId, flags } = parts;
  const known = parseInt(flags, 16) & KNOWN_FLAGS;
  return toTrace(`00-${traceId}-${spanId}-0${known}`, scope?.tracestate);
}

function toTrace(traceparent: string, tracestate: string | undefined): Trace {
  const headers = tracestate === undefined ? { traceparent } : { traceparent, tracestate };
  return { traceparent, tracestate, headers };
}
