import {
  context,
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import type { PublishInit } from "../events/event.ts";
import type { SpanContext } from "./otel_api.ts";

/** How long a `traceparent` of a later version than 00 may be, in characters. */
export const MAX_TRACEPARENT_LENGTH = 512;

const LENGTH = 55;
const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a W3C `traceparent` (w3.org/TR/trace-context), strictly: `undefined` for what is malformed,
 * longer than it may be, of the forbidden version `ff`, or has an id of zeros only. Of versions
 * after 00, what is known is read. Of the flags, "sampled" is kept.
 *
 * @example
 * ```ts
 * import { parseTraceparent } from "@busbar/busbar/subscribers";
 *
 * const parent = parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
 * if (parent?.spanId !== "b7ad6b7169203331") throw new Error("not read");
 * if (parseTraceparent("00-zz") !== undefined) throw new Error("read");
 * ```
 */
export function parseTraceparent(traceparent: unknown): SpanContext | undefined {
  if (typeof traceparent !== "string") return undefined;
  // First of all, so that no pattern runs over a megabyte.
  if (traceparent.length < LENGTH || traceparent.length > MAX_TRACEPARENT_LENGTH) return undefined;
  const [, version, traceId, spanId, flags, rest] = PATTERN.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === INVALID_TRACEID || spanId === INVALID_SPANID) return undefined;
  const traceFlags = parseInt(flags, 16) & TraceFlags.SAMPLED;
  return { traceId, spanId, traceFlags, isRemote: true };
}

/** Writes a span's context as a W3C `traceparent`. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? "01" : "00"}`;
}

/**
 * Makes an event belong to the operation in which it is published: adds the `traceparent` of the
 * active OpenTelemetry context, if there is one and `init` has none. It costs a look-up, which is
 * why `publish` does not do it by itself.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { fromActiveContext } from "@busbar/busbar/subscribers";
 *
 * const bus = new EventBus<{ "cart.opened": { items: number } }>();
 * bus.publish("cart.opened", { items: 2 }, fromActiveContext({ sessionId: "cart 7" }));
 * ```
 */
export function fromActiveContext(init: PublishInit = {}): PublishInit {
  if (init.traceparent !== undefined) return init;
  const active = trace.getSpanContext(context.active());
  if (active === undefined || !isSpanContextValid(active)) return init;
  return { ...init, traceparent: formatTraceparent(active) };
}
