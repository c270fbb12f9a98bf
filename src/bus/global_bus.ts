import type { AnyEvents } from "../events/event_map.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { isEventBus } from "../library/brand.ts";
import { getSlot } from "../library/slot.ts";
import { EventBus } from "./event_bus.ts";
import type { EventBusOptions } from "./options.ts";

const slot = () => getSlot(() => new EventBus({ enabled: false }));

/**
 * Returns the process-wide bus: a disabled one until `initEventBus` or `setEventBus` has set another.
 * Call it at each publish, not once at import. All copies of Busbar in one program have the same one.
 * A library imports it from `@busbar/busbar/library`, where it costs a bundle far less.
 */
export function getEventBus<Events extends object = AnyEvents>(): EventBus<Events> {
  return slot().bus as unknown as EventBus<Events>;
}

/** Creates and starts a bus and makes it the process-wide one. The previous one is not stopped. */
export function initEventBus<Events extends object = AnyEvents>(
  options: EventBusOptions = {},
): EventBus<Events> {
  const bus = new EventBus<Events>(options);
  setEventBus(bus);
  return bus.start();
}

/**
 * Makes `bus` the process-wide bus. The previous one is not stopped.
 *
 * @throws {TypeError} if it is no event bus, or one of a version that does not work with this one
 */
export function setEventBus<Events extends object>(bus: EventBus<Events>): void {
  if (!isEventBus(bus)) invalidArgument(TypeError, "set the event bus", "bus", "an EventBus", bus);
  slot().bus = bus as unknown as EventBus;
}

/** Whether the process-wide bus is enabled. Check it before doing work only for observability. */
export function isObservabilityEnabled(): boolean {
  return slot().bus.enabled;
}
