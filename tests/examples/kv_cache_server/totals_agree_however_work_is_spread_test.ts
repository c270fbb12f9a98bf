import { assert, assertEquals } from "@std/assert";
import { spread } from "../../../examples/kv_cache_server/clients.ts";
import { readTrace } from "../../../examples/kv_cache_server/trace.ts";
import { conversations } from "../../../examples/kv_cache_server/workload.ts";
import { openCache, totals } from "../../support/kv_cache_server.ts";

const MODELS = 4;
const TENANTS = 50;
const TOKENS = 512;
const CHUNK_BYTES = 64;

/**
 * A file of requests, such as the one published with the Mooncake paper; without it, simulated
 * ones.
 */
const TRACE = Deno.env.get("BUSBAR_TRACE");
/** Of a file, all. */
const REQUESTS = TRACE === undefined ? 1_000 : Infinity;
const [L1, L2] = TRACE === undefined ? [500, 3_000] : [10_000, 50_000];

async function requests(): Promise<(readonly number[])[]> {
  const list: (readonly number[])[] = [];
  for await (const { chunkIds } of TRACE === undefined ? conversations(7) : readTrace(TRACE)) {
    list.push(chunkIds);
    if (list.length === REQUESTS) break;
  }
  return list;
}

class Lru {
  evictions = 0;
  inserts = 0;
  readonly #ids = new Set<number>();
  readonly #capacity: number;
  constructor(capacity: number) {
    this.#capacity = capacity;
  }
  get size() {
    return this.#ids.size;
  }
  touch(id: number): boolean {
    if (!this.#ids.delete(id)) return false;
    this.#ids.add(id);
    return true;
  }
  put(id: number): void {
    if (this.touch(id)) return;
    this.inserts++;
    this.#ids.add(id);
    if (this.#ids.size <= this.#capacity) return;
    this.#ids.delete([...this.#ids.values().take(1)][0] as number);
    this.evictions++;
  }
}

/** The same cache in its plainest form, which knows nothing of files, queues or events. */
function oracle(list: readonly (readonly number[])[]) {
  const l1 = new Lru(L1);
  const l2 = new Lru(L2);
  const requested: Record<string, number> = {};
  const hit: Record<string, number> = {};
  const sums = { requested: 0, l1Hits: 0, l2Hits: 0 };
  list.forEach((ids, i) => {
    let found = 0;
    for (const id of ids) {
      if (l1.touch(id)) sums.l1Hits++;
      else if (l2.touch(id)) {
        sums.l2Hits++;
        l1.put(id);
      } else break;
      found++;
    }
    for (const id of ids.slice(found)) {
      l1.put(id);
      l2.put(id);
    }
    sums.requested += ids.length;
    const model = `demo-model-${i % MODELS + 1}`;
    const tenant = `tenant-${Math.floor(i / MODELS) % TENANTS + 1}`;
    for (const name of [model, tenant]) {
      requested[name] = (requested[name] ?? 0) + ids.length * TOKENS;
      hit[name] = (hit[name] ?? 0) + found * TOKENS;
    }
  });
  return { ...sums, l1, l2, requestedBy: requested, hitBy: hit };
}

Deno.test("spread over models and tenants, every total is the oracle's", async () => {
  await using server = await openCache({ l1: L1, l2: L2 });
  const list = await requests();
  const clients = spread(MODELS, TENANTS);
  const sums = { l1Hits: 0, l2Hits: 0, misses: 0 };
  for (const [i, ids] of list.entries()) {
    const result = await server.cache.handle(`request-${i}`, ids, clients.next().value);
    sums.l1Hits += result.l1Hits;
    sums.l2Hits += result.l2Hits;
    sums.misses += result.misses;
    if (server.bus.queueDepth > server.bus.maxQueueSize / 2) await server.bus.flush();
  }
  const found = await server.scrape();
  const expected = oracle(list);
  const hits = expected.l1Hits + expected.l2Hits;
  const misses = expected.requested - hits;
  assert(expected.l1Hits > 0 && expected.l2Hits > 0 && expected.l1.evictions > 0);
  assertEquals(sums, { l1Hits: expected.l1Hits, l2Hits: expected.l2Hits, misses });
  if (TRACE !== undefined) {
    // As two independent programs have counted the published trace.
    assertEquals(sums, { l1Hits: 60_921, l2Hits: 41_025, misses: 186_554 });
  }

  for (const label of ["model_name", "cache_salt"]) {
    const of = (all: Record<string, number>) =>
      Object.fromEntries(
        Object.entries(all).filter(([name]) => name.startsWith("demo") === (label[0] === "m")),
      );
    const requested = totals(found, "lmcache_mp_lookup_requested_tokens_total", label);
    assertEquals(requested, { total: expected.requested * TOKENS, by: of(expected.requestedBy) });
    const hit = totals(found, "lmcache_mp_lookup_hit_tokens_total", label);
    assertEquals(hit, { total: hits * TOKENS, by: of(expected.hitBy) });
    assertEquals(totals(found, "lmcache_mp_num_chunks_loaded_total", label).total, hits);
  }

  const l2 = (name: string) => found[`lmcache_mp_${name}_total{l2_name="disk"}`] ?? 0;
  const plain = (name: string) => found[`lmcache_mp_${name}_chunks_total`] ?? 0;
  assertEquals(plain("l1_read"), hits);
  assertEquals(plain("l1_write"), expected.l1.inserts);
  assertEquals(plain("l1_evicted"), expected.l1.evictions);
  assertEquals(plain("l2_prefetch_hit"), expected.l2Hits);
  assertEquals(plain("l2_prefetch_load_completed"), expected.l2Hits);
  assertEquals(plain("l2_evicted"), expected.l2.evictions);
  assertEquals(l2("l2_store_submitted_objects_chunks"), expected.l2.inserts);
  assertEquals(l2("l2_store_completed_objects_chunks"), expected.l2.inserts);
  assertEquals(l2("l2_store_submitted_requests"), l2("l2_store_completed_requests"));
  assertEquals(found["lmcache_mp_event_bus_dropped_events_total"], 0);

  const events = await server.published();
  const bytes = events.filter(({ type }) => type === "l2.store.completed")
    .reduce((sum, { metadata }) => sum + Number(metadata["bytesTransferred"]), 0);
  assertEquals(bytes, expected.l2.inserts * CHUNK_BYTES);
  assertEquals(await server.onDisk(), {
    chunks: expected.l2.size,
    bytes: bytes - expected.l2.evictions * CHUNK_BYTES,
  });

  // Every start has its end, and comes before it.
  const open = new Map<string, number>();
  for (const { type, sessionId, metadata } of events) {
    const { operationId, taskId = "", requestId = "" } = metadata ?? {};
    const [, kind, phase] =
      /^(mp\..*|l2\.(?:store|load_task|prefetch\.(?:lookup|load)))\.(start|end|submitted|completed)$/
        .exec(type) ?? [];
    if (kind === undefined || (kind.startsWith("mp.") && phase === "submitted")) continue;
    const key = `${kind} ${sessionId} ${operationId ?? `${taskId} ${requestId}`}`;
    const begins = phase === "start" || phase === "submitted";
    assertEquals(open.has(key), !begins, `${type} ${key}`);
    if (begins) open.set(key, 1);
    else open.delete(key);
  }
  assertEquals(open.size, 0);
  const { started, ended, expired, orphanedEnds } = server.tracing.stats();
  assert(started > 3 * list.length);
  assertEquals([ended, expired, orphanedEnds], [started, 0, 0]);
});
