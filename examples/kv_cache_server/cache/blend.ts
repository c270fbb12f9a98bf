import { currentContext, operation } from "@busbar/busbar/context";
import { TimeoutError } from "@busbar/busbar/kv-cache";
import { type Chunk, type ChunkId, sizeOf } from "./chunk.ts";
import { cacheIdsOf, type Client, type Ranks } from "./client.ts";
import { LruMap } from "./lru_map.ts";
import type { RequestResult } from "./prefix_cache.ts";
import { publishAccessed, publishEvicted, publishFailed, publishLookup } from "./publish.ts";
import { store } from "./store.ts";
import { fill, keysOf, type Tiers } from "./tiers.ts";

/** So many chunks, of all ranks together, a prompt may have: it is taken in one turn. */
export const MAX_BLEND_CHUNKS = 1_024;
/** How many fingerprints are known. */
const MAX_FINGERPRINTS = 10_000;
/** A prompt has a segment, such as a document, every so many chunks. */
const SEGMENT_CHUNKS = 4;
/** The engine has places for so many chunks that are no prefix. */
const MAX_PLACE = 12;

/** A chunk, as the cache knows it: an id a rank. The first one is its fingerprint. */
type Parts = readonly ChunkId[];

/** What was found: places in the prompt. */
interface Matches {
  readonly prefix: number;
  readonly others: readonly number[];
  /** How many fingerprints were known, whether or not their chunks are there. */
  readonly matched: number;
  readonly l1Hits: number;
  readonly l2Hits: number;
}

/**
 * CacheBlend: uses chunks wherever they stand in a prompt, not only those of its prefix. It knows
 * them by their fingerprint; for a model that a whole fleet serves, all but the first, the fleet's
 * directory is asked.
 */
export class BlendCache {
  readonly #tiers: Tiers;
  readonly #fingerprints = new LruMap<ChunkId, object>(MAX_FINGERPRINTS);
  #localModel: string | undefined;

  constructor(tiers: Tiers) {
    this.#tiers = tiers;
  }

  /** A language model's whole request. */
  async handle(ids: readonly ChunkId[], ...ranks: Ranks): Promise<RequestResult> {
    const { bus, l1, l2 } = this.#tiers;
    await l2.room();
    const pair = ["cb.request.start", "cb.request.end"] as const;
    const matches = await operation(bus, pair, undefined, async (op) => {
      const matches = await this.#lookUp(ids, ranks);
      for (const rank of ranks) this.#retrieve(matches, rank);
      return op.end(undefined, matches);
    });
    const used = new Set([...Array(matches.prefix).keys(), ...matches.others]);
    const places = [...ids.keys()].filter((place) => !used.has(place));
    const missing = places.map((place) => ids[place] as ChunkId);
    if (missing.length > 0) this.#register(missing, ranks[0]);
    for (const rank of ranks) {
      const read = cacheIdsOf(rank, ids).filter((_, place) => used.has(place))
        .flatMap((id) => l1.peek(id) ?? []);
      let stored: readonly Chunk[] = [];
      if (missing.length > 0) {
        bus.publish("mp.store.submitted", { device: rank.device });
        stored = await store(this.#tiers, rank, missing, places);
      }
      await publishAccessed(this.#tiers, [...read, ...stored]);
    }
    const { l1Hits, l2Hits } = matches;
    return { l1Hits, l2Hits, misses: missing.length };
  }

  #lookUp(ids: readonly ChunkId[], ranks: Ranks): Promise<Matches> {
    const { bus, faults } = this.#tiers;
    const [client] = ranks;
    const { numTokens } = sizeOf(ids.length);
    return operation(bus, ["cb.lookup.start", "cb.lookup.end"], { numTokens }, async (op) => {
      publishLookup(this.#tiers, client, ids);
      const noGpuContext = faults.isDue("engine-lost");
      const idsOfRanks = ranks.map((rank) => cacheIdsOf(rank, ids));
      const asked = noGpuContext
        ? []
        : ids.map((_, place): Parts => idsOfRanks.map((ids) => ids[place] as ChunkId));
      const isHot = asked.map((parts) => parts.every((id) => this.#tiers.l1.peek(id)?.bytes));
      const prefix = await this.#findPrefix(asked);
      const rest = asked.slice(prefix).map((_, i) => prefix + i);
      const matched = await this.#match(rest, asked, client);
      const there = (place: number) => this.#isThere(asked[place] ?? []);
      const stale = matched.filter((place) => !there(place));
      const others = await this.#prefetch(matched.filter(there), asked);
      if (stale.length > 0) this.#forget(stale.map((place) => asked[place]?.[0] as ChunkId));
      const known = new Set(others);
      const segmented = others.filter((place) => isInSegment(place, known));
      const tokens = (chunks: number) => sizeOf(chunks).numTokens;
      const hits = prefix + others.length;
      const l1Hits = [...Array(prefix).keys(), ...others].filter((place) => isHot[place]).length;
      const l2Hits = hits - l1Hits;
      bus.publish("kv_cache.lookup.finished", {
        l1Chunks: l1Hits,
        l2Chunks: l2Hits,
        missChunks: ids.length - hits,
      });
      return op.end({
        numTokens,
        requestedTokens: tokens(asked.length),
        hitTokens: tokens(hits),
        prefixHitTokens: tokens(prefix),
        segmentedPrefixHitTokens: tokens(segmented.length),
        nonPrefixHitTokens: tokens(others.length - segmented.length),
        prefixHits: prefix,
        prefixChunks: asked.length,
        fingerprintHits: matched.length,
        storageHits: hits,
        staleChunks: stale.length,
        noGpuContext,
      }, { prefix, others, matched: matched.length, l1Hits, l2Hits });
    });
  }

  /** How many chunks from the beginning on are there. */
  #findPrefix(chunks: readonly Parts[]): Promise<number> {
    const pair = ["cb.prefix_lookup.start", "cb.prefix_lookup.end"] as const;
    return operation(this.#tiers.bus, pair, undefined, async (op) => {
      const known = lengthOf(chunks, (parts) => this.#isThere(parts));
      await this.#load(chunks.slice(0, known).flat());
      const prefixChunks = lengthOf(chunks, (parts) => parts.every((id) => this.#isInL1(id)));
      return op.end({ prefixChunks }, prefixChunks);
    });
  }

  /** Which of the places hold chunks whose fingerprints are known. */
  #match(
    places: readonly number[],
    chunks: readonly Parts[],
    { modelName }: Client,
  ): Promise<readonly number[]> {
    const { bus, faults } = this.#tiers;
    this.#localModel ??= modelName;
    const fingerprintOf = (place: number) => chunks[place]?.[0] as ChunkId;
    const known = () => places.filter((place) => this.#fingerprints.touch(fingerprintOf(place)));
    if (modelName === this.#localModel) {
      const pair = ["cb.fingerprint_match.start", "cb.fingerprint_match.end"] as const;
      return operation(bus, pair, undefined, async (op) => {
        const found = await Promise.resolve(known());
        return op.end({ matches: found.length }, found);
      });
    }
    const pair = ["cb.coordinator_match.start", "cb.coordinator_match.end"] as const;
    return operation(bus, pair, undefined, async (op) => {
      const timedOut = faults.isDue("directory-slow");
      if (timedOut) new TimeoutError("the fleet's directory has not answered", { bus });
      const found = await Promise.resolve(timedOut ? [] : known());
      return op.end({ matches: found.length, timedOut }, found);
    });
  }

  /** Brings what stands here and there into L1, as far as it is not. */
  async #prefetch(
    places: readonly number[],
    chunks: readonly Parts[],
  ): Promise<readonly number[]> {
    const partsOf = (place: number) => chunks[place] ?? [];
    const keys = places.flatMap(partsOf);
    const l2Keys = keys.filter((id) => !this.#isInL1(id)).length;
    if (l2Keys === 0) return places;
    const worldSize = chunks[0]?.length ?? 1;
    const start = { nChunks: places.length, worldSize, nKeys: keys.length, l2Keys };
    const pair = ["cb.sparse_prefetch.start", "cb.sparse_prefetch.end"] as const;
    return await operation(this.#tiers.bus, pair, start, async (op) => {
      await this.#load(keys);
      const found = places.filter((place) => partsOf(place).every((id) => this.#isInL1(id)));
      return op.end({ foundKeys: found.length * worldSize, l2Keys }, found);
    });
  }

  /** Loads those chunks from L2 that are not in L1. */
  async #load(ids: readonly ChunkId[]): Promise<void> {
    const { bus, l1, l2 } = this.#tiers;
    const slots = [];
    const evicted = [];
    for (const id of ids) {
      if (l1.touch(id) !== undefined) continue;
      const key = l2.touch(id);
      if (key === undefined) continue;
      const reserved = l1.reserve(id, key);
      slots.push(reserved.slot);
      if (reserved.evicted !== undefined) evicted.push(reserved.evicted);
    }
    if (slots.length === 0) return;
    bus.publish("l1.write.reserved", { keys: keysOf(slots) });
    publishEvicted(this.#tiers, evicted);
    const requestId = currentContext()?.operationId ?? "";
    const contents = await l2.load(slots.map(({ id }) => id), requestId);
    const { loaded, failed } = fill(this.#tiers, slots, contents);
    if (loaded.length > 0) bus.publish("l1.write.finished", { keys: keysOf(loaded) });
    publishFailed(this.#tiers, failed);
  }

  #retrieve({ prefix, others, matched }: Matches, client: Client): void {
    const { bus, faults } = this.#tiers;
    const placed = others.filter((place) => place < MAX_PLACE);
    const dropped = others.length - placed.length;
    if (prefix + placed.length === 0) {
      const reason = dropped > 0 ? "beyond_slot_bound" : "no_object_keys";
      if (matched > 0) bus.publish("cb.retrieve.noop", { reason, droppedMatches: matched });
      return;
    }
    const { engineId: workerId, modelName } = client;
    const success = !faults.isDue("transfer-error");
    bus.publish("cb.retrieve.submitted", { workerId, instanceId: workerId });
    const start = { workerId, modelName, numChunks: prefix + placed.length };
    operation(bus, ["cb.retrieve.start", "cb.retrieve.end"], start, (op) => {
      const { numTokens: scatteredTokens } = sizeOf(start.numChunks);
      const scatter = { workerId, scatteredTokens, nPrefix: prefix, nShifted: placed.length };
      operation(
        bus,
        ["cb.scatter.start", "cb.scatter.end"],
        { ...scatter, dropped },
        (op) => op.end({ workerId, success }),
      );
      return op.end({ workerId, success });
    });
  }

  /** Fingerprints of chunks are known from now on. */
  #register(ids: readonly ChunkId[], client: Client): void {
    const added = cacheIdsOf(client, ids).filter((id) => {
      if (this.#fingerprints.touch(id) !== undefined) return false;
      this.#fingerprints.add(id, {});
      return true;
    });
    const numChunks = added.length;
    const { numTokens } = sizeOf(numChunks);
    if (numChunks > 0) {
      this.#tiers.bus.publish("cb.fingerprints.registered", { numChunks, numTokens });
    }
  }

  /** They are gone from both tiers. */
  #forget(ids: readonly ChunkId[]): void {
    for (const id of ids) {
      const fingerprint = this.#fingerprints.peek(id);
      if (fingerprint !== undefined) this.#fingerprints.remove(id, fingerprint);
    }
    this.#tiers.bus.publish("cb.chunks.evicted", { numChunks: ids.length });
  }

  #isThere(parts: Parts): boolean {
    const { l1, l2 } = this.#tiers;
    return parts.every((id) => l1.touch(id) !== undefined || l2.touch(id) !== undefined);
  }

  #isInL1(id: ChunkId): boolean {
    return this.#tiers.l1.touch(id)?.bytes !== undefined;
  }
}

/** For how many chunks, from the first one on, it is so. */
function lengthOf(chunks: readonly Parts[], isSo: (parts: Parts) => boolean): number {
  const end = chunks.findIndex((parts) => !isSo(parts));
  return end === -1 ? chunks.length : end;
}

/** Whether all places are there from the beginning of its segment up to it. */
function isInSegment(place: number, places: ReadonlySet<number>): boolean {
  for (let other = place - place % SEGMENT_CHUNKS; other < place; other++) {
    if (!places.has(other)) return false;
  }
  return true;
}
