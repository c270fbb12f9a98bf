import { assertEquals } from "@std/assert";
import { observed } from "../support/kv_cache.ts";

/** The throughputs of both directions and tiers, as count and sum, after the bytes of some operations. */
async function throughputs(bytes: readonly number[]): Promise<Record<string, [number, number]>> {
  await using kv = observed("collect");
  for (const [i, totalBytes] of bytes.entries()) {
    const [start, end] = [{ timestamp: 1_000 }, { timestamp: 1_500 }];
    const engine = {
      operationId: `${i}`,
      engineId: "0",
      device: "gpu",
      modelName: "m",
      cacheSalt: "",
      tokenCount: 1,
      totalBytes,
    } as never;
    kv.bus.publish("mp.store.start", engine, start);
    kv.bus.publish("mp.store.end", engine, end);
    kv.bus.publish("mp.retrieve.start", engine, start);
    kv.bus.publish("mp.retrieve.end", engine, end);
    const task = { adapterIndex: 0, taskId: i, requestId: "r", l2Name: "fs" };
    const submitted = { ...task, keyCount: 1, totalBytes };
    const outcome = { succeededCount: 0, failedCount: 1, bytesTransferred: totalBytes };
    kv.bus.publish("l2.store.submitted", submitted, start);
    kv.bus.publish("l2.store.completed", { ...task, ...outcome }, end);
    kv.bus.publish("l2.load_task.submitted", submitted, start);
    kv.bus.publish("l2.load_task.completed", task, end);
  }
  const found = await kv.scrape();
  const of = (name: string): [number, number] => {
    const sum = (what: string) =>
      Object.entries(found).filter(([series]) =>
        series.startsWith(`lmcache_mp_${name}_throughput_GB_per_second_${what}`)
      ).reduce((total, [, value]) => total + value, 0);
    return [sum("count"), sum("sum")];
  };
  return Object.fromEntries(
    ["l0_l1_store", "l0_l1_load", "l2_store", "l2_load"].map((name) => [name, of(name)]),
  );
}

const each = (value: [number, number]) => ({
  l0_l1_store: value,
  l0_l1_load: value,
  l2_store: value,
  l2_load: value,
});

Deno.test("a store or a load of nothing, or that failed, is no throughput", async () => {
  assertEquals(await throughputs([0, 1e9, 0, 0]), each([1, 2]));
  assertEquals(await throughputs([0, 0]), each([0, 0]));
});
