import type { BusEvent } from "../events/event.ts";
import type { SpanContext } from "./otel_api.ts";
import { parseTraceparent } from "./traceparent.ts";

/** Knows the trace context of events; see {@linkcode SpanRegistry.addSource}. */
export type SpanContextSource = (event: BusEvent) => SpanContext | undefined;

/**
 * Says to which span an event belongs, so that what else is made of it, exemplars and log records,
 * can name its trace.
 *
 * Register the subscriber that makes spans before those that ask, and ask while the event is
 * handled, before any `await`: the span that an event ended is known until the next event only.
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
 *   traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
 * });
 * if (context?.traceId !== "0af7651916cd43dd8448eb211c80319c") throw new Error("not found");
 * ```
 */
export class SpanRegistry {
  readonly #sources: SpanContextSource[] = [];

  /** Adds somebody who knows; asked in the order of adding. `TracingSubscriber` adds itself. */
  addSource(source: SpanContextSource): void {
    this.#sources.push(source);
  }

  /**
   * The trace context of an event: that of the span it has started, ended or failed; else the
   * span of its session opened last, among those still open; else the one that its `traceparent`
   * names; else none.
   */
  contextOf(event: BusEvent): SpanContext | undefined {
    for (const source of this.#sources) {
      const found = source(event);
      if (found !== undefined) return found;
    }
    return event.traceparent === undefined ? undefined : parseTraceparent(event.traceparent);
  }
}
