import type { AnyEvents } from "../events/event_map.ts";
import { EventBus } from "./event_bus.ts";
import type { EventBusOptions } from "./options.ts";

const KEY = Symbol.for("@busbar/busbar");

/**
 * What all copies of this module in one program share: a library may bring another version than the
 * application has, and its events must not end in a bus that nobody listens to.
 */
const shared = (globalThis as { [KEY]?: { bus: EventBus } })[KEY] ??= {
  bus: new EventBus({ enabled: false }),
};

/**
 * Returns the process-wide bus: a disabled one until {@linkcode initEventBus} or
 * {@linkcode setEventBus} is called. Libraries should call this at each publish, not once at
 * import, so that they get the bus that the application sets up later. All copies and versions of
 * Busbar in one program have the same one.
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
  return shared.bus as unknown as EventBus<Events>;
}

/** Creates and starts a bus and makes it the process-wide one. The previous one is not stopped. */
export function initEventBus<Events extends object = AnyEvents>(
  options: EventBusOptions = {},
): EventBus<Events> {
  const bus = new EventBus<Events>(options);
  setEventBus(bus);
  return bus.start();
}

/** Makes `bus` the process-wide bus. The previous one is not stopped. */
export function setEventBus<Events extends object>(bus: EventBus<Events>): void {
  shared.bus = bus as unknown as EventBus;
}

/** Whether the process-wide bus is enabled. Check it before doing work only for observability. */
export function isObservabilityEnabled(): boolean {
  return shared.bus.enabled;
}
