import { CONTRACT_VERSION } from "./brand.ts";
import type { EventBus } from "./event_bus.ts";

/** What all copies of the package in one program share: the process-wide bus. */
export interface Slot {
  bus: EventBus;
  readonly version: number;
}

const KEY = Symbol.for("@busbar/busbar");

/** The slot of a copy that cannot share the others'. */
let ownSlot: Slot | undefined;

/**
 * The slot, which all copies of the package find under one symbol: a library may bring another copy
 * than the application has, and its events must not end in a bus that nobody listens to.
 *
 * @param createBus makes the disabled bus that stands there until one is set
 */
export function getSlot(createBus: () => EventBus): Slot {
  const create = (): Slot => ({ bus: createBus(), version: CONTRACT_VERSION });
  const shared = (globalThis as { [KEY]?: Slot })[KEY] ??= create();
  if (shared.version === CONTRACT_VERSION) return shared;
  if (!ownSlot) {
    // deno-lint-ignore no-console -- nobody has set a logger; said once
    console.warn(
      `busbar: a copy of contract ${CONTRACT_VERSION} cannot share the bus of contract ` +
        `${shared.version}; update one of the two`,
    );
  }
  return ownSlot ??= create();
}
