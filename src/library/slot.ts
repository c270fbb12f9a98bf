import type { AnyEvents } from "../events/event_map.ts";
import { CONTRACT_VERSION, EVENT_BUS_BRAND } from "./brand.ts";
import { createDisabledBus } from "./disabled_bus.ts";
import type { EventBus } from "./event_bus.ts";

/** What all copies of the package in one program share: the process-wide bus. */
export interface Slot {
  bus: EventBus & { readonly [EVENT_BUS_BRAND]?: number };
  readonly version: number;
}

const KEY = Symbol.for("@busbar/busbar");

/** The slot of a copy that cannot share the others'. */
let ownSlot: Slot | undefined;

/**
 * The slot, which all copies of the package find under one symbol: a library may bring another copy
 * than the application has, and its events must not end in a bus that nobody listens to. Who publishes
 * gets a bus in any case: a copy that finds none to share, and none can be set, has its own.
 */
export function getSlot(): Slot {
  if (ownSlot) return ownSlot;
  try {
    const shared = (globalThis as { [KEY]?: Slot })[KEY] ??= createSlot();
    if (shared.bus[EVENT_BUS_BRAND] === CONTRACT_VERSION) return shared;
    ownSlot = createSlot();
    // deno-lint-ignore no-console -- nobody has set a logger; said once
    console.warn(
      `busbar: a copy of contract ${CONTRACT_VERSION} cannot share the bus of contract ` +
        `${shared.version}; update one`,
    );
  } catch {
    // `globalThis` is frozen, or what stands there, or the console, throws.
  }
  return ownSlot ??= createSlot();
}

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
  return getSlot().bus as unknown as EventBus<Events>;
}

function createSlot(): Slot {
  return { bus: createDisabledBus(), version: CONTRACT_VERSION };
}
