import { assert, assertEquals } from "@std/assert";
import { spread } from "../../../examples/kv_cache_server/requests/clients.ts";
import { readTrace } from "../../../examples/kv_cache_server/requests/trace.ts";
import { conversations } from "../../../examples/kv_cache_server/requests/workload.ts";
import { Oracle } from "../../support/kv_cache_oracle.ts";
import { openCache, totals } from "../../support/kv_cache_server.ts";

const SPREAD = { models: 4, tenants: 50, devices: 2, workers: 4 };
const CHUNK_BYTES = 64;

/**
 * A file of requests, such as the one published with the Mooncake paper; without it, simulated
 * ones.
 */
const TRACE = Deno.env.get("BUSBAR_TRACE");
/** Of a file, all. */
const REQUESTS = TRACE === undefined ? 1_000 : Infinity;
const CAPACITIES = TRACE === undefined ? { l1: 500, l2: 3_000 } : { l1: 10_000, l2: 50_000 };

async function requests(): Promise<(readonly number[])[]> {
  const list: (readonly number[])[] = [];
  for await (const { chunkIds } of TRACE === undefined ? conversations(7) : readTrace(TRACE)) {
    list.push(chunkIds);
    if (list.length === REQUESTS) break;
  }
  return list;
}

const sum = (by: Record<string, number>) => Object.values(by).reduce((a, b) => a + b, 0);

Deno.test("spread over models, tenants, devices and workers, every total is the oracle's", async () => {
  await using server = await openCache(CAPACITIES);
  const list = await requests();
  const oracle = new Oracle(CAPACITIES);
  const clients = spread(SPREAD);
  const sums = { l1Hits: 0, l2Hits: 0, misses: 0 };
  for (const [i, ids] of list.entries()) {
    const client = clients.next().value;
    const result = await server.inSession(`request-${i}`).handle(ids, client);
    oracle.handle(ids, client);
    sums.l1Hits += result.l1Hits;
    sums.l2Hits += result.l2Hits;
    sums.misses += result.misses;
    if (server.bus.queueDepth > server.bus.maxQueueSize / 2) await server.bus.flush();
  }
  const found = await server.scrape();
  const { l1Hits, l2Hits, requested } = oracle;
  assertEquals(sums, { l1Hits, l2Hits, misses: requested - l1Hits - l2Hits });
  if (TRACE !== undefined) {
    // As two independent programs have counted the published trace.
    assertEquals(sums, { l1Hits: 60_921, l2Hits: 41_025, misses: 186_554 });
    assertEquals(sum(oracle.sums["l1_evicted_chunks_total"]?.["cache_salt"] ?? {}), 217_579);
    assertEquals(
      sum(oracle.sums["l2_evicted_objects_chunks_total"]?.["cache_salt"] ?? {}),
      136_424,
    );
  }

  const seen = new Set<string>();
  for (const [name, byLabel] of Object.entries(oracle.sums)) {
    for (const [label, by] of Object.entries(byLabel)) {
      const expected = { total: sum(by), by };
      assertEquals(totals(found, `lmcache_mp_${name}`, label), expected, `${name} by ${label}`);
      if (expected.total > 0) { for (const value of Object.keys(by)) seen.add(value); }
    }
  }
  // None of it is trivially equal.
  const names = Object.entries(oracle.sums).filter(([, byLabel]) =>
    Object.values(byLabel).some((by) => sum(by) > 0)
  );
  assertEquals(names.length, 21);
  const { models, tenants, devices, workers } = SPREAD;
  assertEquals(seen.size, models + tenants + devices + workers);

  const number = (name: string) => found[`lmcache_mp_${name}`];
  const tasks = number('l2_store_completed_requests_total{l2_name="disk"}');
  assert(tasks !== undefined && tasks > 0);
  assertEquals(number("l2_store_submitted_requests_total"), tasks);
  assertEquals(
    number("l2_prefetch_load_submitted_requests_total"),
    number('l2_load_completed_requests_total{l2_name="disk"}'),
  );
  assertEquals(number("event_bus_dropped_events_total"), 0);

  const events = await server.published();
  const bytes = events.filter(({ type }) => type === "l2.store.completed")
    .reduce((sum, { metadata }) => sum + Number(metadata["bytesTransferred"]), 0);
  const { total: stored } = totals(
    found,
    "lmcache_mp_l2_store_completed_objects_chunks_total",
    "cache_salt",
  );
  assertEquals(bytes, stored * CHUNK_BYTES);
  const { total: evicted } = totals(
    found,
    "lmcache_mp_l2_evicted_objects_chunks_total",
    "cache_salt",
  );
  assert(evicted > 0);
  assertEquals(await server.onDisk(), {
    chunks: oracle.l2.size,
    bytes: bytes - evicted * CHUNK_BYTES,
  });

  // Every start has its end, and comes before it; so has everything that was submitted.
  const open = new Map<string, number>();
  const submitted = new Set<string>();
  for (const { type, sessionId, operationId, metadata } of events) {
    const { taskId, requestId = "" } = metadata ?? {};
    const [, kind, phase] =
      /^(mp\..*|l2\.(?:store|load_task|prefetch\.load))\.(start|end|submitted|completed)$/
        .exec(type) ?? [];
    if (kind === undefined) continue;
    if (kind.startsWith("mp.") && phase === "submitted") {
      assert(!submitted.has(`${kind} ${sessionId}`), `${type} ${sessionId}`);
      submitted.add(`${kind} ${sessionId}`);
      continue;
    }
    const key = `${kind} ${sessionId} ${
      kind.startsWith("mp.") ? operationId : `${taskId} ${requestId}`
    }`;
    const begins = phase === "start" || phase === "submitted";
    assertEquals(open.has(key), !begins, `${type} ${key}`);
    if (begins) open.set(key, 1);
    else {
      open.delete(key);
      submitted.delete(`${kind} ${sessionId}`);
    }
  }
  assertEquals([open.size, submitted.size], [0, 0]);
  const { started, ended, expired, orphanedEnds } = server.tracing.stats();
  assert(started > 3 * list.length);
  assertEquals([ended, expired, orphanedEnds], [started, 0, 0]);
});
