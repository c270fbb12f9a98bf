import { CONTRACT_VERSION, EVENT_BUS_BRAND } from "./brand.ts";
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
 *
 * @param createBus makes the disabled bus that stands there until one is set
 */
export function getSlot(createBus: () => EventBus): Slot {
  if (ownSlot) return ownSlot;
  try {
    const shared = (globalThis as { [KEY]?: Slot })[KEY] ??= createSlot(createBus);
    if (shared.bus[EVENT_BUS_BRAND] === CONTRACT_VERSION) return shared;
    ownSlot = createSlot(createBus);
    // deno-lint-ignore no-console -- nobody has set a logger; said once
    console.warn(
      `busbar: contract ${CONTRACT_VERSION} cannot share the bus of contract ` +
        `${shared.version}; update one`,
    );
  } catch {
    // `globalThis` is frozen, or what stands there, or the console, throws.
  }
  return ownSlot ??= createSlot(createBus);
}

function createSlot(createBus: () => EventBus): Slot {
  return { bus: createBus(), version: CONTRACT_VERSION };
}
