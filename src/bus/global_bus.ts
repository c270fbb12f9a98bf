import type { AnyEvents } from "../events/event_map.ts";
import { EventBus } from "./event_bus.ts";
import type { EventBusOptions } from "./options.ts";

let globalBus: EventBus = new EventBus({ enabled: false });

/**
 * The process's bus: a disabled one until {@linkcode initEventBus} or {@linkcode setEventBus}.
 * Libraries fetch it at each publish, not once at import, so that they find the one the
 * application sets up later.
 *
 * @example A library publishes, and costs nothing until an application listens
 * ```ts
 * import { getEventBus } from "@busbar/busbar";
 *
 * export function read(key: string) {
 *   getEventBus().publish("cache.read", { key });
 * }
 * read("a");
 * ```
 */
export function getEventBus<Events extends object = AnyEvents>(): EventBus<Events> {
  return globalBus as unknown as EventBus<Events>;
}

/** Makes a bus with these options the process's bus and starts it. The former one is not stopped. */
export function initEventBus<Events extends object = AnyEvents>(
  options: EventBusOptions = {},
): EventBus<Events> {
  const bus = new EventBus<Events>(options);
  setEventBus(bus);
  return bus.start();
}

/** Makes `bus` the process's bus. The former one is not stopped. */
export function setEventBus<Events extends object>(bus: EventBus<Events>): void {
  globalBus = bus as unknown as EventBus;
}

/** Whether the process's bus is enabled: ask before doing work for observability alone. */
export function isObservabilityEnabled(): boolean {
  return globalBus.enabled;
}
