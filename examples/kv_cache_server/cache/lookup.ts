import { currentContext, operation } from "@busbar/busbar/context";
import { TimeoutError } from "@busbar/busbar/kv-cache";
import { type ChunkId, TOKENS_PER_CHUNK } from "./chunk.ts";
import { cacheIdsOf, type Client, keyCountPerSalt, keyOf } from "./client.ts";
import type { Slot } from "./memory_tier.ts";
import { portions } from "./portions.ts";
import { publishEvicted, publishFailed, publishLookup } from "./publish.ts";
import { fill, keysOf, type Tiers } from "./tiers.ts";

/** What a lookup has found: the prefix of a prompt whose chunks the cache has. */
export interface Found {
  /** The chunks, held for reading. */
  readonly slots: readonly Slot[];
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly misses: number;
}

/** One chunk of a prefix. */
interface Step {
  readonly slot: Slot;
  /** Whether its content has to come from the disk for this step. */
  readonly promoted: boolean;
}

/**
 * Finds the longest prefix whose chunks are all there, and brings those of L2 into L1.
 *
 * Which chunks those are, and which have to go for them, is settled at once; then it waits for the
 * disk. A chunk that does not come ends the prefix.
 */
export function lookUp(tiers: Tiers, client: Client, ids: readonly ChunkId[]): Promise<Found> {
  const pair = ["mp.lookup_prefetch.start", "mp.lookup_prefetch.end"] as const;
  return operation(tiers.bus, pair, undefined, async (op) => {
    publishLookup(tiers, client, ids);
    const earlyExitReason = whyNot(tiers, ids);
    const steps = earlyExitReason === "" ? await find(tiers, client, ids) : [];
    const requested = earlyExitReason === "" ? ids.length : 0;
    const l2Hits = steps.filter(({ promoted }) => promoted).length;
    const found = {
      slots: slotsOf(steps),
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
    const firstOfL2 = steps.findIndex(({ promoted }) => promoted);
    const l1Prefix = firstOfL2 === -1 ? steps.length : firstOfL2;
    return op.end({
      foundCount: steps.length,
      requestedTokens: requested * TOKENS_PER_CHUNK,
      hitTokens: steps.length * TOKENS_PER_CHUNK,
      l1HitTokens: l1Prefix * TOKENS_PER_CHUNK,
      l2HitTokens: (steps.length - l1Prefix) * TOKENS_PER_CHUNK,
      l1HitKeys: found.l1Hits,
      l2HitKeys: l2Hits,
      earlyExitReason,
      modelName: client.modelName,
      cacheSalt: client.cacheSalt,
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
  client: Client,
  ids: readonly ChunkId[],
): Promise<readonly Step[]> {
  /** Names the prefetch. */
  const requestId = currentContext()?.operationId ?? "";
  const planned: Step[] = [];
  let asked = false;
  const askL2 = (known: number) => {
    if (asked) return;
    asked = true;
    const keyCount = ids.length - planned.length - known;
    tiers.bus.publish("l2.prefetch.lookup.submitted", {
      requestId,
      keyCount,
      adapterCount: 1,
      keyCountPerSalt: { [client.cacheSalt]: keyCount },
    });
  };
  for await (const { part } of portions(tiers, ids)) {
    const { steps, evicted } = settle(tiers, cacheIdsOf(client, part), askL2);
    const [inL1, inL2] = [false, true].map((promoted) =>
      slotsOf(steps.filter((step) => step.promoted === promoted))
    ) as [Slot[], Slot[]];
    if (inL1.length > 0) tiers.bus.publish("l1.read.reserved", { keys: keysOf(inL1) });
    if (inL2.length > 0) {
      tiers.bus.publish("l1.write.reserved", { keys: keysOf(inL2) });
      publishEvicted(tiers, evicted);
      load(tiers, inL2, requestId);
    }
    planned.push(...steps);
    if (steps.length < part.length) break;
  }
  await inTime(tiers, planned, requestId);

  const gap = planned.findIndex(({ slot }) => slot.bytes === undefined);
  const steps = gap === -1 ? planned : planned.slice(0, gap);
  for await (const { part, from } of portions(tiers, ids)) {
    const held = slotsOf(steps.slice(from, from + part.length));
    tiers.bus.publish("sm.read.prefetched_finished", {
      succeededKeys: keysOf(held),
      failedKeys: part.slice(held.length).map((id) => keyOf(client, id)),
    });
  }
  return steps;
}

/**
 * Walks the prefix and makes room for what L2 has. A chunk that is asked for twice is promoted once,
 * and in L1 the second time.
 *
 * @param askL2 is called when L1 does not have the next chunk, with how many it had before
 */
function settle(
  { l1, l2, bus, faults }: Tiers,
  cacheIds: readonly ChunkId[],
  askL2: (known: number) => void,
) {
  const steps: Step[] = [];
  const evicted: Slot[] = [];
  for (const id of cacheIds) {
    const inL1 = l1.touch(id);
    if (inL1 !== undefined) {
      steps.push({ slot: inL1, promoted: false });
      continue;
    }
    askL2(steps.length);
    const key = l2.touch(id);
    if (key === undefined) break;
    if (faults.isDue("l1-oom")) {
      const keys = [key];
      bus.publish("l1.allocation.failed", { during: "l2_prefetch", keys });
      bus.publish("l2.prefetch.failed", { reason: "l1_oom", keys });
      break;
    }
    const reserved = l1.reserve(id, key);
    steps.push({ slot: reserved.slot, promoted: true });
    if (reserved.evicted !== undefined) evicted.push(reserved.evicted);
  }
  return { steps, evicted };
}

/** Waits for what is being loaded, but no longer than a request may wait. */
async function inTime(
  { bus, faults }: Tiers,
  planned: readonly Step[],
  requestId: string,
): Promise<void> {
  // Another request may still be loading what this one has found.
  const loading = planned.flatMap(({ slot }) => slot.bytes === undefined ? [slot.written] : []);
  const loaded = Promise.all(new Set(loading));
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
  const retained = planned.findIndex(({ slot }) => slot.bytes === undefined);
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

function slotsOf(steps: readonly Step[]): Slot[] {
  return steps.map(({ slot }) => slot);
}
