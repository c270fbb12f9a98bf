import type { EventBus } from "./event_bus.ts";

/**
 * The version of what copies of the package agree on: `EventBus`, and the slot of the
 * process-wide bus. Copies with different ones do not work together, and say so.
 */
export const CONTRACT_VERSION = 1;

/**
 * What copies of the package know each other's buses by: `instanceof` would tell two copies apart. It
 * holds the version of what they agree on.
 */
export const EVENT_BUS_BRAND: unique symbol = Symbol.for("@busbar/busbar/event-bus") as never;

/** Whether a value is a bus of this copy of the package, or of one that works together with it. */
export function isEventBus(value: unknown): value is EventBus {
  try {
    return (value as { [EVENT_BUS_BRAND]?: unknown })[EVENT_BUS_BRAND] === CONTRACT_VERSION;
  } catch {
    return false;
  }
}
