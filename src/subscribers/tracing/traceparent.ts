import { context, isSpanContextValid, trace } from "@opentelemetry/api";
import type { PublishInit } from "../../events/event.ts";
import { KNOWN_FLAGS, splitTraceparent, toTraceparent } from "../../internal/traceparent.ts";
import type { SpanContext } from "../otel_api.ts";

/**
 * Reads a W3C `traceparent` (w3.org/TR/trace-context), strictly: it returns `undefined` if the
 * header is malformed or too long, has the forbidden version `ff`, or an id that is all zeros. Of
 * versions after 00, the fields known from 00 are read. Of the flags, "sampled" and "random" are kept.
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
  const parts = splitTraceparent(traceparent);
  if (parts === undefined) return undefined;
  const { traceId, spanId, flags } = parts;
  return { traceId, spanId, traceFlags: parseInt(flags, 16) & KNOWN_FLAGS, isRemote: true };
}

/** Writes a span's context as a W3C `traceparent`. */
export function formatTraceparent(spanContext: SpanContext): string {
  return toTraceparent(spanContext);
}

/**
 * Adds the `traceparent` of the active OpenTelemetry span to `init`, unless it has one already, so
 * that the event belongs to that trace. `publish` does not do this itself because the look-up has a
 * cost.
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
