import type { EventOf } from "../../events/event_map.ts";
import { boundedId } from "../../subscribers/pairs/bounded_id.ts";
import type { ChunkKey } from "../events/chunk_key.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import { LruMap } from "./lru_map.ts";
import { Sample } from "./sample.ts";
import { secondsBetween, type TrackingOptions } from "./tracking_options.ts";

/** The events by which the storage manager's callers read and write chunks. */
export type AccessEvent = EventOf<
  KvCacheEvents,
  "sm.read.prefetched_finished" | "sm.write.finished"
>;

/** One read of a sampled chunk that was accessed before. */
export interface Reuse {
  /** The tenant's salt. */
  readonly cacheSalt: string;
  /** How long ago it was accessed last, in seconds. */
  readonly gapS: number;
  /** How many accesses its tenant has made since, this one included. */
  readonly gapAccesses: number;
}

/** What one event shows. */
export interface ReuseObservations {
  /** The reads of what is known. */
  readonly reuses: readonly Reuse[];
  /** Chunks no longer tracked because of the limit. */
  readonly untracked: number;
}

const NOTHING: ReuseObservations = Object.freeze({ reuses: [], untracked: 0 });

/** How many accesses a tenant has made, of chunks that are tracked or not. */
interface Tenant {
  accesses: number;
}

interface Access {
  readonly atMs: number;
  readonly tenant: Tenant;
  /** The tenant's count at that time. */
  readonly count: number;
}

/**
 * Tracks when a sample of the chunks was accessed, in time and in accesses of its tenant.
 *
 * A chunk is its salt and chunk hash: keys of several ranks in one event are one access. Memory is
 * bounded: beyond the limit, the chunk accessed longest ago is no longer tracked, and counted; the
 * same goes for tenants, whose chunks then begin anew.
 */
export class ReuseTracker {
  readonly #sample: Sample;
  readonly #accesses: LruMap<Access>;
  readonly #tenants: LruMap<Tenant>;
  #lastEvent: AccessEvent | undefined;
  #last = NOTHING;

  /** Creates a tracker that knows no chunks. */
  constructor({ sampleRatio, maxTracked }: TrackingOptions) {
    this.#sample = new Sample(sampleRatio);
    this.#accesses = new LruMap(maxTracked);
    this.#tenants = new LruMap(maxTracked);
  }

  /** Processes an event, once, and returns what it shows. */
  observe(event: AccessEvent): ReuseObservations {
    if (event === this.#lastEvent) return this.#last;
    this.#lastEvent = event;
    // Of an event that is broken nothing is seen, whoever asks next.
    this.#last = NOTHING;
    const { type, timestamp, metadata } = event;
    const reuses: Reuse[] = [];
    let untracked = 0;
    for (const [cacheSalt, hashes] of hashesBySalt(metadata.succeededKeys)) {
      const tenant = this.#tenantOf(cacheSalt);
      for (const chunkHash of hashes) {
        tenant.accesses++;
        if (!this.#sample.has(chunkHash)) continue;
        const name = boundedId(JSON.stringify([cacheSalt, chunkHash]));
        const last = this.#accesses.get(name);
        if (type === "sm.read.prefetched_finished" && last?.tenant === tenant) {
          reuses.push({
            cacheSalt,
            gapS: secondsBetween(last.atMs, timestamp),
            gapAccesses: tenant.accesses - last.count,
          });
        }
        const access = { atMs: timestamp, tenant, count: tenant.accesses };
        if (this.#accesses.set(name, access)) untracked++;
      }
    }
    return this.#last = { reuses, untracked };
  }

  #tenantOf(cacheSalt: string): Tenant {
    const id = boundedId(cacheSalt);
    const tenant = this.#tenants.get(id) ?? { accesses: 0 };
    this.#tenants.set(id, tenant);
    return tenant;
  }
}

/** The chunks of each tenant, each once. */
function hashesBySalt(keys: readonly ChunkKey[]): Map<string, Set<ChunkKey["chunkHash"]>> {
  const bySalt = new Map<string, Set<ChunkKey["chunkHash"]>>();
  for (const { cacheSalt, chunkHash } of keys) {
    const salt = cacheSalt ?? "";
    const hashes = bySalt.get(salt);
    if (hashes === undefined) bySalt.set(salt, new Set([chunkHash]));
    else hashes.add(chunkHash);
  }
  return bySalt;
}
