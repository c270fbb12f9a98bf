import { setImmediate as nextTurn } from "node:timers/promises";
import type { Tiers } from "./tiers.ts";

/** So many chunks are worked on in one turn of the event loop: a few milliseconds' worth. */
const PORTION_CHUNKS = 256;

/** Thrown by a request that the end of the server has cut short. */
export class StoppingError extends Error {
  override readonly name = "StoppingError";
}

/**
 * Cuts what belongs to a long prompt into portions. Between them scrapes, other requests and signals
 * get their turn, and the disk and the bus catch up; a short prompt waits for nothing.
 *
 * @throws {StoppingError} before a portion, if the server stops
 */
export async function* portions<Item>(
  tiers: Tiers,
  items: readonly Item[],
  chunksPerItem = 1,
): AsyncGenerator<{ readonly part: readonly Item[]; readonly from: number }> {
  const size = Math.ceil(PORTION_CHUNKS / chunksPerItem);
  for (let from = 0; from < items.length; from += size) {
    if (from > 0) {
      await nextTurn();
      await tiers.l2.room();
      await letBusCatchUp(tiers, 0);
      if (tiers.stopping?.aborted) throw new StoppingError("The server is stopping");
    }
    yield { part: items.slice(from, from + size), from };
  }
}

/**
 * Waits for the bus if more events than that wait in it, so that none is lost, whoever is in a hurry;
 * unless it was made to lose some.
 */
export async function letBusCatchUp(
  { bus, faults }: Tiers,
  events = bus.maxQueueSize / 2,
): Promise<void> {
  if (faults.has("bus-full") || faults.has("subscriber-slow")) return;
  if (bus.queueDepth > events) await bus.flush();
}
