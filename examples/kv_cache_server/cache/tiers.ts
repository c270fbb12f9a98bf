import type { EventBus } from "@busbar/busbar";
import type { ChunkKey } from "@busbar/busbar/kv-cache";
import type { ServerEvents } from "../events.ts";
import type { Faults } from "../faults.ts";
import type { DiskTier, Loaded } from "./disk_tier.ts";
import type { MemoryTier, Slot } from "./memory_tier.ts";

/**
 * What all of the cache's operations work on. What they publish belongs to the session and the
 * operation that they run in: the async context says which.
 */
export interface Tiers {
  readonly l1: MemoryTier;
  readonly l2: DiskTier;
  readonly bus: EventBus<ServerEvents>;
  readonly faults: Faults;
  /** Aborts when the server stops: long requests end early then. */
  readonly stopping?: AbortSignal;
}

/** What L2 has not delivered, by why. */
export type Failed = Record<Exclude<Loaded, Uint8Array>, Slot[]>;

/** The keys of some slots. */
export function keysOf(slots: readonly { readonly key: ChunkKey }[]): ChunkKey[] {
  return slots.map(({ key }) => key);
}

/** Fills slots with what L2 has delivered, and gives those up that it has not. @returns which */
export function fill({ l1 }: Tiers, slots: readonly Slot[], contents: readonly Loaded[]) {
  const loaded: Slot[] = [];
  const failed: Failed = { not_found: [], serde_failure: [] };
  slots.forEach((slot, i) => {
    const content = contents[i] ?? "not_found";
    slot.written = undefined;
    if (typeof content === "string") {
      l1.release(slot);
      failed[content].push(slot);
    } else {
      slot.bytes = content;
      loaded.push(slot);
    }
  });
  return { loaded, failed };
}
