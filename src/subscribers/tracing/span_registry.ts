import type { BusEvent } from "../../events/event.ts";
import type { SpanContext } from "../otel_api.ts";
import { parseTraceparent } from "./traceparent.ts";

/** Returns the trace context of an event; see `SpanRegistry.addSource`. */
export type SpanContextSource = (event: BusEvent) => SpanContext | undefined;

/**
 * Finds the span that an event belongs to, so that the event's exemplars and log records can refer
 * to its trace.
 *
 * Register the subscriber that makes spans before those that use the registry, and call `contextOf`
 * while the event is handled, before any `await`: the span that an event ended is known only until
 * the next event.
 *
 * @example
 * ```ts
 * import { SpanRegistry } from "@busbar/busbar/subscribers";
 *
 * const context = new SpanRegistry().contextOf({
 *   type: "cart.opened",
 *   timestamp: 0,
 *   metadata: undefined,
 *   sessionId: "",
 *   operationId: "",
 *   traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
 *   tracestate: undefined,
 * });
 * if (context?.traceId !== "0af7651916cd43dd8448eb211c80319c") throw new Error("not found");
 * ```
 */
export class SpanRegistry {
  readonly #sources: SpanContextSource[] = [];

  /** Adds a source; sources are asked in this order. `TracingSubscriber` adds itself. */
  addSource(source: SpanContextSource): void {
    this.#sources.push(source);
  }

  /**
   * The trace context of an event: that of the span that it started, ended or marked as failed;
   * else of the open span of the `operation` that it was published in; else of the span opened last
   * in its session that is still open; else of its `traceparent`; else none.
   */
  contextOf(event: BusEvent): SpanContext | undefined {
    for (const source of this.#sources) {
      const found = source(event);
      if (found !== undefined) return found;
    }
    return event.traceparent === undefined ? undefined : parseTraceparent(event.traceparent);
  }
}
