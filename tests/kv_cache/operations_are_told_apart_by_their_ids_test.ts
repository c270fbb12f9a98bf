import { assertEquals } from "@std/assert";
import type { EventBus, PublishInit } from "@busbar/busbar";
import { observed } from "../support/kv_cache.ts";

/** What tells a task from another one of its kind in the same session. */
interface Ids {
  /** In the metadata. */
  readonly operationId?: string;
  /** The event's own. */
  readonly ownId?: string;
  readonly adapterIndex?: number;
  readonly taskId?: number;
  readonly requestId?: string;
}

const SAME = { adapterIndex: 0, taskId: 1, requestId: "r", l2Name: "disk" };

/** The sum of two throughputs; the task that begins last ends first. */
async function sumOf(kind: "store" | "load", first: Ids, second: Ids): Promise<number> {
  await using kv = observed("collect");
  const submit = ({ ownId: operationId, ...ids }: Ids, timestamp: number) => {
    const task = { ...SAME, keyCount: 1, totalBytes: 0, ...ids };
    kv.bus.publish(kind === "store" ? "l2.store.submitted" : "l2.load_task.submitted", task, {
      operationId,
      timestamp,
    });
  };
  const complete = (
    { ownId: operationId, ...ids }: Ids,
    totalBytes: number,
    timestamp: number,
  ) => {
    const task = { ...SAME, bytesTransferred: totalBytes, ...ids };
    const init = { operationId, timestamp };
    if (kind === "load") return kv.bus.publish("l2.load_task.completed", task, init);
    const outcome = { succeededCount: 1, failedCount: 0 };
    return kv.bus.publish("l2.store.completed", { ...task, ...outcome }, init);
  };
  submit(first, 0);
  submit(second, 1_000);
  complete(second, 1e9, 2_000);
  complete(first, 8e9, 4_000);
  const found = await kv.scrape();
  return found[`lmcache_mp_l2_${kind}_throughput_GB_per_second_sum{l2_name="disk"}`] ?? NaN;
}

const APART = 1 / 1 + 8 / 4;
/** The first start with the first end, the second with the second. */
const IN_ORDER = 1 / 2 + 8 / 3;

const TABLE: readonly ["store" | "load", string, Ids, Ids, number][] = [
  ["store", "adapter", { adapterIndex: 1 }, { adapterIndex: 2 }, APART],
  ["store", "task", { taskId: 1 }, { taskId: 2 }, APART],
  ["store", "operation", { operationId: "a" }, { operationId: "b" }, APART],
  // A task is its adapter's own, in whatever operation its events were published.
  ["store", "the operation that they were published in", { ownId: "a" }, { ownId: "b" }, IN_ORDER],
  ["store", "nothing", {}, {}, IN_ORDER],
  ["load", "adapter", { adapterIndex: 1 }, { adapterIndex: 2 }, APART],
  ["load", "task", { taskId: 1 }, { taskId: 2 }, APART],
  ["load", "request", { requestId: "a" }, { requestId: "b" }, APART],
  ["load", "operation", { operationId: "a" }, { operationId: "b" }, APART],
  ["load", "the operation that they were published in", { ownId: "a" }, { ownId: "b" }, IN_ORDER],
  ["load", "nothing", {}, {}, IN_ORDER],
  ["load", "task within one operation", { operationId: "a", taskId: 1 }, {
    operationId: "a",
    taskId: 2,
  }, APART],
];

const millionths = (value: number) => Math.round(value * 1e6);

for (const [kind, what, first, second, sum] of TABLE) {
  const how = sum === APART ? "are told apart" : "are matched in order";
  Deno.test(`two ${kind}s of one session that differ in ${what} ${how}`, async () => {
    assertEquals(millionths(await sumOf(kind, first, second)), millionths(sum));
  });
}

Deno.test("tasks of L2 are paired without a common session or operation, as their adapter ends them", async () => {
  await using kv = observed("collect");
  const { bus } = kv;
  const outcome = { succeededCount: 1, failedCount: 0, bytesTransferred: 4e9 };
  const store = { ...SAME, keyCount: 1, totalBytes: 4e9 };
  const load = { ...SAME, keyCount: 1, totalBytes: 6e9 };
  bus.publish("l2.store.submitted", store, { sessionId: "r1", operationId: "o", timestamp: 0 });
  bus.publish("l2.load_task.submitted", load, { sessionId: "r2", timestamp: 0 });
  bus.publish("l2.store.completed", { ...SAME, ...outcome }, { timestamp: 1_000 });
  bus.publish("l2.load_task.completed", SAME, { sessionId: "drain", timestamp: 2_000 });
  const found = await kv.scrape();
  assertEquals(found['lmcache_mp_l2_store_throughput_GB_per_second_sum{l2_name="disk"}'], 4);
  assertEquals(found['lmcache_mp_l2_load_throughput_GB_per_second_sum{l2_name="disk"}'], 3);
});

Deno.test("tasks whose ids are left out are paired by their operations, and in their sessions without", async () => {
  await using kv = observed("collect");
  const bus = kv.bus as unknown as EventBus;
  const completed = { ...SAME, succeededCount: 1, failedCount: 0, bytesTransferred: 2e9 };
  const publish = (type: string, at: number, init: PublishInit) =>
    bus.publish(type, { ...completed, taskId: undefined }, { ...init, timestamp: at });
  publish("l2.store.submitted", 0, { sessionId: "a", operationId: "x" });
  publish("l2.store.submitted", 0, { sessionId: "a" });
  publish("l2.store.submitted", 1_000, { sessionId: "b" });
  publish("l2.store.completed", 2_000, { sessionId: "b" });
  publish("l2.store.completed", 4_000, { sessionId: "a", operationId: "x" });
  // Nobody else's: such an id is one in its session.
  publish("l2.store.completed", 1_000, { sessionId: "c", operationId: "x" });
  publish("l2.store.completed", 1_000, { sessionId: "c" });
  const found = await kv.scrape();
  assertEquals(
    found['lmcache_mp_l2_store_throughput_GB_per_second_sum{l2_name="disk"}'],
    2 / 1 + 2 / 4,
  );
});

Deno.test("transfers with a key are paired in any session and operation, others in their session", async () => {
  await using kv = observed("collect");
  const engine = { device: "gpu", engineId: 0, modelName: "m" };
  const ended = { storedCount: 1, totalBytes: 4e9, numTokens: 1 };
  const start = (timestamp: number, transferKey: string | undefined, init: PublishInit) =>
    kv.bus.publish("mp.store.start", { ...engine, transferKey }, { ...init, timestamp });
  const end = (timestamp: number, transferKey: string | undefined, init: PublishInit) =>
    kv.bus.publish("mp.store.end", { ...engine, transferKey, ...ended }, { ...init, timestamp });
  // Two at once in one operation of a request; one ends where nobody knows it.
  start(0, "r#1", { sessionId: "r", operationId: "o" });
  start(0, "r#2", { sessionId: "r", operationId: "o" });
  end(1_000, "r#2", { sessionId: "r", operationId: "o" });
  end(2_000, "r#1", {});
  // One device, two sessions.
  start(0, undefined, { sessionId: "a" });
  start(0, undefined, { sessionId: "b" });
  end(4_000, undefined, { sessionId: "b" });
  end(8_000, undefined, { sessionId: "c" });
  const found = await kv.scrape();
  const name = "lmcache_mp_l0_l1_store_throughput_GB_per_second";
  const labels = '{device="gpu",engine_id="0",model_name="m"}';
  assertEquals([found[`${name}_count${labels}`], found[`${name}_sum${labels}`]], [3, 4 + 2 + 1]);
});
