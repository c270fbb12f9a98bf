import { currentContext, operation } from "@busbar/busbar/context";
import { type ChunkKey, TimeoutError } from "@busbar/busbar/kv-cache";
import { type ChunkId, TOKENS_PER_CHUNK } from "./chunk.ts";
import { cacheIdsOf, keyCountPerSalt, keyOf, type Ranks } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { portions } from "./portions.ts";
import { publishEvicted, publishFailed, publishLookup } from "./publish.ts";
import { fill, keysOf, type Tiers } from "./tiers.ts";

/** What a lookup has found: the prefix of a prompt whose chunks the cache has. */
export interface Found {
  /** The chunks, held for reading: each has a slot a rank. */
  readonly chunks: readonly (readonly Slot[])[];
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly misses: number;
}

/** One chunk of a prefix. */
interface Step {
  /** One a rank. */
  readonly slots: readonly Slot[];
  /** Of how many ranks its content has to come from the disk for this step. */
  readonly promotedKeys: number;
}

/**
 * Finds the longest prefix whose chunks are all there, with all ranks' parts, and brings those of L2
 * into L1.
 *
 * Which chunks those are, and which have to go for them, is settled at once; then it waits for the
 * disk. A chunk that does not come ends the prefix.
 */
export function lookUp(tiers: Tiers, ranks: Ranks, ids: readonly ChunkId[]): Promise<Found> {
  const [{ modelName, cacheSalt }] = ranks;
  const pair = ["mp.lookup_prefetch.start", "mp.lookup_prefetch.end"] as const;
  return operation(tiers.bus, pair, undefined, async (op) => {
    publishLookup(tiers, ranks[0], ids);
    const earlyExitReason = whyNot(tiers, ids);
    const steps = earlyExitReason === "" ? await find(tiers, ranks, ids) : [];
    const requested = earlyExitReason === "" ? ids.length : 0;
    const l2Hits = steps.filter(({ promotedKeys }) => promotedKeys > 0).length;
    const l2HitKeys = steps.reduce((sum, { promotedKeys }) => sum + promotedKeys, 0);
    const found = {
      chunks: steps.map(({ slots }) => slots),
      l1Hits: steps.length - l2Hits,
      l2Hits,
      misses: ids.length - steps.length,
    };
    tiers.bus.publish("kv_cache.lookup.finished", {
      l1Chunks: found.l1Hits,
      l2Chunks: found.l2Hits,
      missChunks: found.misses,
    });
    // L1 alone serves the prompt up to the first chunk that had to come from L2.
    const firstOfL2 = steps.findIndex(({ promotedKeys }) => promotedKeys > 0);
    const l1Prefix = firstOfL2 === -1 ? steps.length : firstOfL2;
    // Tokens are the prompt's, keys are the ranks'.
    return op.end({
      foundCount: steps.length,
      requestedTokens: requested * TOKENS_PER_CHUNK,
      hitTokens: steps.length * TOKENS_PER_CHUNK,
      l1HitTokens: l1Prefix * TOKENS_PER_CHUNK,
      l2HitTokens: (steps.length - l1Prefix) * TOKENS_PER_CHUNK,
      l1HitKeys: steps.length * ranks.length - l2HitKeys,
      l2HitKeys,
      earlyExitReason,
      modelName,
      cacheSalt,
    }, found);
  });
}

/** Why nothing is looked up; `""` if something is. */
function whyNot({ faults }: Tiers, ids: readonly ChunkId[]): string {
  if (ids.length === 0) return "empty_chunk_hashes";
  return faults.isDue("engine-lost") ? "no_gpu_context" : "";
}

async function find(
  tiers: Tiers,
  ranks: Ranks,
  ids: readonly ChunkId[],
): Promise<readonly Step[]> {
  /** Names the prefetch. */
  const requestId = currentContext()?.operationId ?? "";
  const planned: Step[] = [];
  /** Settle when the content has come. */
  const loading = new Set<Promise<unknown>>();
  let asked = false;
  const askL2 = (knownKeys: number) => {
    if (asked) return;
    asked = true;
    const keyCount = (ids.length - planned.length) * ranks.length - knownKeys;
    tiers.bus.publish("l2.prefetch.lookup.submitted", {
      requestId,
      keyCount,
      adapterCount: 1,
      keyCountPerSalt: { [ranks[0].cacheSalt]: keyCount },
    });
  };
  for await (const { part } of portions(tiers, ids, ranks.length)) {
    const { steps, inL1, promoted, evicted } = settle(tiers, ranks, part, askL2);
    if (inL1.length > 0) tiers.bus.publish("l1.read.reserved", { keys: keysOf(inL1) });
    if (promoted.length > 0) {
      tiers.bus.publish("l1.write.reserved", { keys: keysOf(promoted) });
      publishEvicted(tiers, evicted);
      load(tiers, promoted, requestId);
    }
    // Another request may still be loading what this one has found.
    for (const { written } of [...inL1, ...promoted]) if (written) loading.add(written);
    planned.push(...steps);
    if (steps.length < part.length) break;
  }
  await inTime(tiers, planned, requestId, Promise.all(loading));

  const found: Step[] = [];
  for await (const { part, from } of portions(tiers, ids, ranks.length)) {
    const isWhole = found.length === from;
    const steps = isWhole ? planned.slice(from, from + part.length) : [];
    const gap = steps.findIndex(isMissing);
    if (gap !== -1) steps.length = gap;
    found.push(...steps);
    tiers.bus.publish("sm.read.prefetched_finished", {
      succeededKeys: steps.flatMap(({ slots }) => keysOf(slots)),
      failedKeys: part.slice(steps.length).flatMap((id) => ranks.map((rank) => keyOf(rank, id))),
    });
  }
  return found;
}

/** Whether content of it has not come. */
function isMissing({ slots }: Step): boolean {
  return slots.some(({ bytes }) => bytes === undefined);
}

/**
 * Walks the prefix and makes room for what L2 has. A chunk that is asked for twice is promoted once,
 * and in L1 the second time.
 *
 * @param askL2 is called when L1 does not have the next part, with how many it had before
 */
function settle(
  { l1, l2, bus, faults }: Tiers,
  ranks: Ranks,
  ids: readonly ChunkId[],
  askL2: (knownKeys: number) => void,
) {
  const steps: Step[] = [];
  const inL1: Slot[] = [];
  const promoted: Slot[] = [];
  const evicted: Slot[] = [];
  const plan = { steps, inL1, promoted, evicted };
  const idsOfRanks = ranks.map((rank) => cacheIdsOf(rank, ids));
  for (const place of ids.keys()) {
    const slots: Slot[] = [];
    const wanted: [rank: number, id: ChunkId, key: ChunkKey][] = [];
    for (const [rank, cacheIds] of idsOfRanks.entries()) {
      const id = cacheIds[place] as ChunkId;
      const slot = l1.touch(id);
      if (slot !== undefined) {
        slots[rank] = slot;
        continue;
      }
      askL2(steps.length * ranks.length + rank);
      const key = l2.touch(id);
      if (key === undefined) return plan;
      wanted.push([rank, id, key]);
    }
    inL1.push(...slots.filter(Boolean));
    for (const [rank, id, key] of wanted) {
      if (faults.isDue("l1-oom")) {
        const keys = [key];
        bus.publish("l1.allocation.failed", { during: "l2_prefetch", keys });
        bus.publish("l2.prefetch.failed", { reason: "l1_oom", keys });
        return plan;
      }
      const reserved = l1.reserve(id, key);
      slots[rank] = reserved.slot;
      promoted.push(reserved.slot);
      if (reserved.evicted !== undefined) evicted.push(reserved.evicted);
    }
    steps.push({ slots, promotedKeys: wanted.length });
  }
  return plan;
}

/** Waits for what is being loaded, but no longer than a request may wait. */
async function inTime(
  { bus, faults }: Tiers,
  planned: readonly Step[],
  requestId: string,
  loaded: Promise<unknown>,
): Promise<void> {
  const prefetchBudgetMs = faults.prefetchBudgetMs();
  if (prefetchBudgetMs === Infinity) {
    await loaded;
    return;
  }
  const startedAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isLate = await Promise.race([
    loaded.then(() => false),
    new Promise<true>((resolve) => timer = setTimeout(resolve, prefetchBudgetMs, true)),
  ]);
  clearTimeout(timer);
  if (!isLate) return;
  const retained = planned.findIndex(isMissing);
  bus.publish("l2.prefetch.deadline", {
    requestId,
    phase: "load",
    budgetSeconds: prefetchBudgetMs / 1_000,
    elapsedSeconds: (performance.now() - startedAt) / 1_000,
    retainedChunks: retained,
    missedChunks: planned.length - retained,
  });
  new TimeoutError(`L2 has not delivered within ${prefetchBudgetMs} ms`, { bus });
}

/** Has the slots filled that L2 has the content of, as far as the disk delivers. */
function load(tiers: Tiers, slots: readonly Slot[], requestId: string): void {
  const { l2, bus } = tiers;
  bus.publish("l2.prefetch.load.submitted", {
    requestId,
    keyCount: slots.length,
    adapterCount: 1,
    keyCountPerSalt: keyCountPerSalt(keysOf(slots)),
  });
  const loading = l2.load(slots.map(({ id }) => id), requestId).then((contents) => {
    const filled = fill(tiers, slots, contents);
    const loaded = keysOf(filled.loaded);
    if (loaded.length > 0) {
      bus.publish("l1.write_finished_and_read_reserved", { keys: loaded });
    }
    bus.publish("l2.prefetch.load.completed", {
      requestId,
      loadedCount: loaded.length,
      failedCount: slots.length - loaded.length,
      keyCountPerSalt: keyCountPerSalt(loaded),
    });
    publishFailed(tiers, filled.failed);
  });
  for (const slot of slots) slot.written = loading;
}
