import type { AnyEvents } from "../events/event_map.ts";
import { createDisabledBus } from "./disabled_bus.ts";
import type { EventBus } from "./event_bus.ts";
import { getSlot } from "./slot.ts";

/**
 * Returns the process-wide bus: a disabled one until the application sets one. Libraries should call
 * this at each publish, not once at import, so that they get the bus that the application sets up
 * later. All copies of Busbar in one program, of whatever version, have the same one; if two versions
 * cannot share it, one line says so.
 *
 * @example A library publishes, and costs nothing until an application listens
 * ```ts
 * import { getEventBus } from "@busbar/busbar/library";
 *
 * export function read(key: string) {
 *   getEventBus().publish("cache.read", { key });
 * }
 * read("a");
 * ```
 */
export function getEventBus<Events extends object = AnyEvents>(): EventBus<Events> {
  return getSlot(createDisabledBus).bus as unknown as EventBus<Events>;
}
