import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Client } from "../../../examples/kv_cache_server/cache/client.ts";
import { openCache, totals } from "../../support/kv_cache_server.ts";

const client: Client = {
  modelName: "m",
  cacheSalt: "",
  engineId: "e",
  device: "cpu",
  namespace: "",
};

Deno.test("a request publishes what happens, in the order in which it happens", async () => {
  await using server = await openCache({ l1: 2, l2: 10 });
  await server.inSession("a").handle([1, 2], client);
  await server.inSession("b").handle([3], client); // evicts 1 from L1
  const before = (await server.types()).length;
  assertEquals(await server.inSession("c").handle([1, 9], client).then(({ l2Hits }) => l2Hits), 1);
  assertEquals((await server.types()).slice(before), [
    "mp.request.start",
    "mp.lookup_prefetch.start",
    "mp.lookup",
    "l2.prefetch.lookup.submitted",
    "l1.write.reserved",
    "l1.eviction.loop_tick",
    "l1.keys.evicted",
    "kv_cache.chunks.evicted",
    "l2.prefetch.load.submitted",
    "l2.load_task.submitted",
    "l2.load_task.completed",
    "l2.keys.accessed",
    "l1.write_finished_and_read_reserved",
    "l2.prefetch.load.completed",
    "sm.read.prefetched_finished",
    "kv_cache.lookup.finished",
    "mp.lookup_prefetch.end",
    "mp.vllm.block_allocation",
    "mp.retrieve.submitted",
    "mp.retrieve.start",
    "l1.read.finished",
    "mp.retrieve.end",
    "mp.transfer.phase_samples",
    "mp.store.submitted",
    "mp.request.end",
    "mp.store.start",
    "mp.tokens",
    "sm.write.reserved",
    "l1.write.reserved",
    "l1.write.finished",
    "l1.eviction.loop_tick",
    "l1.keys.evicted",
    "kv_cache.chunks.evicted",
    "sm.write.finished",
    "l2.store.schedule.start",
    "l2.store.submitted",
    "l2.store.schedule.end",
    "mp.store.end",
    "mp.transfer.phase_samples",
    "l1.keys.accessed",
    "mp.vllm.end_session",
    "l2.store.completed",
    "l2.keys.stored",
  ]);
});

Deno.test("l2-error: what the disk did not do is counted, and the prefix ends there", async () => {
  await using server = await openCache({ l1: 1, l2: 10, faults: ["l2-error"] });
  await server.inSession("a").handle([1], client); // the first task of the disk
  await server.inSession("b").handle([2], client); // the second
  // The third fails: chunk 1 is known to L2, and does not come.
  const failed = await server.inSession("c").handle([1], client);
  assertEquals([failed.l2Hits, failed.misses], [0, 1]);
  // Stored again in L1; L2 has it. The fourth and fifth work, the sixth fails: 5 is not stored.
  for (const id of [3, 4, 5]) await server.inSession(`d${id}`).handle([id], client);
  const found = await server.scrape();
  assertEquals(
    found['lmcache_mp_l2_prefetch_failure_chunks_total{reason="not_found",model_name="m"}'],
    1,
  );
  const l2 = (name: string, labels: string) => found[`lmcache_mp_l2_${name}_total{${labels}}`];
  assertEquals(l2("store_submitted_objects_chunks", 'cache_salt=""'), 5);
  assertEquals(l2("store_completed_objects_chunks", 'cache_salt=""'), 4);
  assertEquals(l2("store_failed_objects_chunks", 'l2_name="disk"'), 1);
  assertEquals(l2("store_completed_requests", 'l2_name="disk"'), 5);
  assertEquals(l2("prefetch_load_submitted_objects_chunks", 'cache_salt=""'), 1);
  assertEquals(l2("prefetch_load_completed_chunks", 'cache_salt=""'), undefined);
  // What the disk did not deliver moved no byte.
  assertEquals(
    found['lmcache_mp_l2_load_throughput_GB_per_second_count{l2_name="disk"}'],
    undefined,
  );
  assertEquals((await server.onDisk()).chunks, 4);
});

Deno.test("l2-corrupt: what cannot be read is counted apart from what did not come, and given up", async () => {
  await using server = await openCache({ l1: 1, l2: 10, faults: ["l2-corrupt"] });
  await server.inSession("a").handle([1], client);
  await server.inSession("b").handle([2], client); // evicts 1 from L1, and so on
  const found = [];
  for (const id of [1, 2, 1, 2, 2]) {
    found.push((await server.inSession(`${found.length}`).lookUp([id], client)).l2Hits);
  }
  assertEquals(found, [1, 1, 1, 0, 0]);
  const [completed] = (await server.published()).filter(({ type, metadata }) =>
    type === "l2.prefetch.load.completed" && metadata["failedCount"] !== 0
  );
  assertEquals([completed?.metadata["loadedCount"], completed?.metadata["failedCount"]], [0, 1]);
  const failures = totals(
    await server.scrape(),
    "lmcache_mp_l2_prefetch_failure_chunks_total",
    "reason",
  );
  assertEquals(failures.by, { serde_failure: 1 });
  const deleted = async () =>
    (await server.published()).filter(({ type }) =>
      type === "l2.keys.deleted" || type === "l2.keys.evicted"
    ).map(({ type, metadata }) => [type, metadata["keyCount"] ?? metadata["keys"]]);
  const key = { chunkHash: 2, modelName: "m", cacheSalt: "" };
  assertEquals(await deleted(), [["l2.keys.evicted", 1], ["l2.keys.deleted", [key]]]);
  assertEquals(server.reported.length, 1);
  assertStringIncludes(server.reported.join(), "has returned what was not written; it is removed");
  // So it is stored again.
  await server.inSession("f").handle([2], client);
  await server.inSession("g").handle([3], client); // evicts 2 from L1
  assertEquals((await server.inSession("h").lookUp([2], client)).l2Hits, 1);
  assertEquals((await server.onDisk()).chunks, 3);
});

Deno.test("l1-oom: chunks without room are in no tier, and are counted by what it was for", async () => {
  await using server = await openCache({ l1: 2, l2: 10, faults: ["l1-oom"] });
  await server.inSession("a").handle([1, 2, 3, 4, 5], client); // the fourth finds no room
  await server.inSession("b").handle([6], client);
  await server.inSession("c").handle([1, 2], client); // 2 is promoted with the eighth allocation
  const found = await server.scrape();
  assertEquals(
    found['lmcache_mp_l1_allocation_failure_chunks_total{during="l1_store",model_name="m"}'],
    1,
  );
  assertEquals(
    found['lmcache_mp_l1_allocation_failure_chunks_total{during="l2_prefetch",model_name="m"}'],
    1,
  );
  assertEquals(
    found['lmcache_mp_l2_prefetch_failure_chunks_total{reason="l1_oom",model_name="m"}'],
    1,
  );
  assertEquals(
    found[
      'lmcache_mp_l1_read_failure_chunks_total{during="l2_store",reason="not_found",model_name="m"}'
    ],
    1,
  );
  assertEquals((await server.onDisk()).chunks, 5);
});

Deno.test("l2-slow: requests that need the disk wait for it, and others do not", async () => {
  await using server = await openCache({ l1: 1, faults: ["l2-slow"] });
  await server.inSession("a").handle([1], client);
  await server.inSession("b").handle([2], client);
  // The stores are still under way; a chunk in L1 is there at once.
  assertEquals((await server.inSession("c").handle([2], client)).l1Hits, 1);
  assertEquals((await server.inSession("d").handle([1], client)).l2Hits, 1);
  const load = (await server.published()).filter(({ type }) => type.startsWith("l2.load_task."));
  assertEquals(load.length, 2);
  assert((load[1]?.timestamp ?? 0) - (load[0]?.timestamp ?? 0) >= 20);
});

Deno.test("a retrieve that was submitted has its end, also when what it reads is broken", async () => {
  await using server = await openCache();
  await server.inSession("a").handle([1, 2], client);
  const slot = server.l1.touch(2);
  assert(slot !== undefined);
  slot.bytes = new Uint8Array(3);
  await assertRejects(() => server.inSession("b").retrieve([1, 2], client));
  await assertRejects(() => server.inSession("c").handle([1, 2], client));
  const ends = (await server.published()).filter(({ type }) => type === "mp.retrieve.end");
  assertEquals(
    ends.map(({ metadata: { retrievedCount, totalBytes, numTokens } }) => [
      retrievedCount,
      totalBytes,
      numTokens,
    ]),
    [[0, 0, 0], [0, 0, 0]],
  );
  const types = await server.types();
  const count = (type: string) => types.filter((one) => one === type).length;
  assertEquals([count("mp.request.start"), count("mp.request.end")], [3, 3]);
  const found = await server.scrape();
  const of = (state: string) => found[`lmcache_mp_num_${state}_retrieves_total{device="cpu"}`];
  assertEquals([of("submitted"), of("finished")], [2, 2]);
});

Deno.test("a chunk that is still being loaded is locked for other readers", async () => {
  await using server = await openCache({ l1: 1 });
  await server.inSession("a").handle([1], client);
  await server.inSession("b").handle([2], client); // evicts 1
  const loading = server.inSession("c").lookUp([1], client);
  // Its room in L1 is there at once, its content not before the disk has delivered.
  const missing = server.inSession("d").retrieve([1, 7], client);
  const waiting = server.inSession("e").lookUp([1], client);
  assertEquals(await missing, [1, 7]);
  assertEquals((await loading).l2Hits, 1);
  assertEquals((await waiting).l1Hits, 1);
  assertEquals(await server.inSession("f").retrieve([1], client), []);
  const found = await server.scrape();
  const failed = (reason: string) =>
    found[
      `lmcache_mp_l1_read_failure_chunks_total{during="l1_retrieve",reason="${reason}",model_name="m"}`
    ];
  assertEquals([failed("write_locked"), failed("not_found")], [1, 1]);
});

for (const what of ["stores", "retrieves"] as const) {
  Deno.test(`${what}-hang: what is submitted has no end any more, and requests go on`, async () => {
    await using server = await openCache({ faults: [`${what}-hang`] });
    for (let i = 0; i < 30; i++) await server.inSession(`a${i}`).handle([i], client);
    for (let i = 0; i < 30; i++) await server.inSession(`b${i}`).handle([i % 10], client);
    const found = await server.scrape();
    const of = (state: string) => found[`lmcache_mp_num_${state}_${what}_total{device="cpu"}`];
    assertEquals([of("submitted"), of("finished")], [30, 19]);
    const requests = (await server.types()).filter((type) => type === "mp.request.end");
    assertEquals(requests.length, 60);
  });
}
