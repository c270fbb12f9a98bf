import type { Client } from "../../examples/kv_cache_server/cache/client.ts";

const TOKENS = 512;

/** Sums by metric, label and the label's value. */
export type Sums = Record<string, Record<string, Record<string, number>>>;

/** Chunks in the order of their use, with the tenant that stored each. */
class Lru {
  readonly #tenants = new Map<number, string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#tenants.size;
  }

  /** The tenant of a chunk, which is the most recent one now. */
  touch(id: number): string | undefined {
    const tenant = this.#tenants.get(id);
    if (tenant === undefined) return undefined;
    this.#tenants.delete(id);
    this.#tenants.set(id, tenant);
    return tenant;
  }

  /** Adds a chunk. @returns the tenant of the one that had to go */
  add(id: number, tenant: string): string | undefined {
    this.#tenants.set(id, tenant);
    if (this.#tenants.size <= this.#capacity) return undefined;
    const [[oldest, owner]] = this.#tenants as unknown as [[number, string]];
    this.#tenants.delete(oldest);
    return owner;
  }
}

/**
 * The example's cache in its plainest form, which knows nothing of files, queues or events: what a
 * scrape must say after it has served the requests, one after another.
 */
export class Oracle {
  readonly l1: Lru;
  readonly l2: Lru;
  /** By scrape name without `lmcache_mp_`. */
  readonly sums: Sums = {};
  l1Hits = 0;
  l2Hits = 0;
  requested = 0;

  constructor(capacities: { readonly l1: number; readonly l2: number }) {
    this.l1 = new Lru(capacities.l1);
    this.l2 = new Lru(capacities.l2);
  }

  /** Serves one request. */
  handle(ids: readonly number[], client: Client): void {
    const { l1Prefix, l1Hits, l2Hits } = this.#lookUp(ids, client);
    const found = l1Hits + l2Hits;
    this.l1Hits += l1Hits;
    this.l2Hits += l2Hits;
    this.requested += ids.length;
    const ofLookup = { model_name: client.modelName, cache_salt: client.cacheSalt };
    this.#add("lookups_requests_total", ofLookup, 1);
    this.#add("lookup_requested_tokens_total", ofLookup, ids.length * TOKENS);
    this.#add("lookup_hit_tokens_total", ofLookup, found * TOKENS);
    this.#add("lookup_hit_l1_tokens_total", ofLookup, l1Prefix * TOKENS);
    this.#add("lookup_hit_l2_tokens_total", ofLookup, (found - l1Prefix) * TOKENS);
    this.#add("lookup_hit_l1_keys_total", ofLookup, l1Hits);
    this.#add("lookup_hit_l2_keys_total", ofLookup, l2Hits);
    const { device } = client;
    for (const what of ["submitted", "finished"]) {
      this.#add(`num_${what}_retrieves_total`, { device }, found > 0 ? 1 : 0);
      this.#add(`num_${what}_stores_total`, { device }, found < ids.length ? 1 : 0);
    }
    if (found > 0) {
      this.#add("num_chunks_loaded_total", { ...ofLookup, worker_id: client.engineId }, found);
    }
    this.#store(ids.slice(found), client.cacheSalt);
  }

  #lookUp(ids: readonly number[], { cacheSalt }: Client) {
    let [l1Prefix, l1Hits, l2Hits] = [0, 0, 0];
    let asked = false;
    const owners: string[] = [];
    for (const [i, id] of ids.entries()) {
      let owner = this.l1.touch(id);
      if (owner !== undefined) {
        l1Hits++;
        if (l2Hits === 0) l1Prefix++;
      } else {
        if (!asked) {
          this.#addObjects("l2_prefetch_lookup_objects", cacheSalt, ids.length - i);
        }
        asked = true;
        owner = this.l2.touch(id);
        if (owner === undefined) break;
        l2Hits++;
        this.#addObjects("l2_prefetch_load_submitted_objects", owner);
        this.#addObjects("l2_prefetch_load_completed", owner);
        this.#putIntoL1(id, owner);
      }
      owners.push(owner);
    }
    for (const owner of owners) this.#addObjects("l1_read", owner);
    return { l1Prefix, l1Hits, l2Hits };
  }

  #store(ids: readonly number[], cacheSalt: string): void {
    const stored = ids.map((id): [number, string] => {
      const owner = this.l1.touch(id);
      if (owner !== undefined) return [id, owner];
      this.#putIntoL1(id, cacheSalt);
      return [id, cacheSalt];
    });
    for (const [id, owner] of stored) {
      if (this.l2.touch(id) !== undefined) continue;
      this.#addObjects("l2_store_submitted_objects", owner);
      this.#addObjects("l2_store_completed_objects", owner);
      const evicted = this.l2.add(id, owner);
      if (evicted !== undefined) this.#addObjects("l2_evicted_objects", evicted);
    }
  }

  #putIntoL1(id: number, owner: string): void {
    this.#addObjects("l1_write", owner);
    const evicted = this.l1.add(id, owner);
    if (evicted !== undefined) this.#addObjects("l1_evicted", evicted);
  }

  #addObjects(name: string, cacheSalt: string, count = 1): void {
    this.#add(`${name}_chunks_total`, { cache_salt: cacheSalt }, count);
  }

  #add(name: string, labels: Record<string, string>, count: number): void {
    const byLabel = this.sums[name] ??= {};
    for (const [label, value] of Object.entries(labels)) {
      const by = byLabel[label] ??= {};
      by[value] = (by[value] ?? 0) + count;
    }
  }
}
