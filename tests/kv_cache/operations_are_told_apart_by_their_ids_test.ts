import { assertEquals } from "@std/assert";
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
  ["store", "the event's own operation", { ownId: "a" }, { ownId: "b" }, APART],
  [
    "store",
    "the metadata's operation alone",
    { ownId: "a", operationId: "a" },
    { ownId: "a", operationId: "b" },
    IN_ORDER,
  ],
  ["store", "nothing", {}, {}, IN_ORDER],
  ["load", "adapter", { adapterIndex: 1 }, { adapterIndex: 2 }, APART],
  ["load", "task", { taskId: 1 }, { taskId: 2 }, APART],
  ["load", "request", { requestId: "a" }, { requestId: "b" }, APART],
  ["load", "operation", { operationId: "a" }, { operationId: "b" }, APART],
  ["load", "the event's own operation", { ownId: "a" }, { ownId: "b" }, APART],
  ["load", "nothing", {}, {}, IN_ORDER],
  // What the publisher says counts more than what the tasks are called.
  ["load", "task within one operation", { operationId: "a", taskId: 1 }, {
    operationId: "a",
    taskId: 2,
  }, IN_ORDER],
];

const millionths = (value: number) => Math.round(value * 1e6);

for (const [kind, what, first, second, sum] of TABLE) {
  const how = sum === APART ? "are told apart" : "are matched in order";
  Deno.test(`two ${kind}s of one session that differ in ${what} ${how}`, async () => {
    assertEquals(millionths(await sumOf(kind, first, second)), millionths(sum));
  });
}
