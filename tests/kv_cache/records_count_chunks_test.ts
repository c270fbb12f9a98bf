import { assertEquals } from "@std/assert";
import { kvCacheCatalog, type KvCacheEvents, type LogRecord } from "@busbar/busbar/kv-cache";
import { LoggingSubscriber } from "@busbar/busbar/subscribers";
import { EventBus } from "@busbar/busbar";
import { key, keys } from "../support/kv_cache.ts";

type Expected = [level: string, body: string, attributes: Record<string, unknown>];

/** Publishes one event. @returns what its record says */
async function recordOf<Type extends keyof KvCacheEvents>(
  type: Type,
  metadata: KvCacheEvents[Type],
): Promise<Expected | undefined> {
  const records: LogRecord[] = [];
  const bus = new EventBus<KvCacheEvents>().start();
  bus.registerSubscriber(
    new LoggingSubscriber<KvCacheEvents>({
      logs: kvCacheCatalog().logs ?? {},
      sink: (record) => void records.push(record),
      minLevel: "debug",
    }),
  );
  (bus as EventBus).publish(type, metadata);
  await bus.stop();
  const [{ level, body, attributes }] = records as [LogRecord];
  return [level, body, { ...attributes }];
}

const SOME = { keys: [key(1, "a"), key(2, "b"), key(3, "a")] };
const COUNTED = { keyCount: 3, modelNames: ["a", "b"] };

Deno.test("failures are warnings that say what could not be done with how many chunks", async () => {
  assertEquals(await recordOf("l1.allocation.failed", { during: "l1_store", ...SOME }), [
    "warn",
    "L1 had no room for 3 chunks",
    { during: "l1_store", ...COUNTED },
  ]);
  assertEquals(
    await recordOf(
      "l1.read.failed",
      { during: "l1_retrieve", reason: "not_found", ...SOME } as never,
    ),
    [
      "warn",
      "3 chunks could not be read from L1",
      { during: "l1_retrieve", reason: "not_found", ...COUNTED },
    ],
  );
  assertEquals(await recordOf("l2.prefetch.failed", { reason: "timeout", ...SOME } as never), [
    "warn",
    "3 chunks did not come from L2 into L1",
    { reason: "timeout", ...COUNTED },
  ]);
});

Deno.test("what has failed in part is a warning, what has not is for debugging", async () => {
  for (const type of ["l2.store.completed", "l2.prefetch.load.completed"] as const) {
    for (const [failedCount, level] of [[0, "debug"], [1, "warn"], [2, "warn"]] as const) {
      const record = await recordOf(type, { failedCount } as never);
      assertEquals(record, [level, type, { failedCount }]);
    }
  }
  const { keys: failedKeys } = keys(2);
  for (const [failed, level] of [[[], "debug"], [failedKeys, "warn"]] as const) {
    const outcome = { succeededKeys: SOME.keys, failedKeys: [...failed] } as never;
    const counts = { succeededCount: 3, failedCount: failed.length };
    assertEquals(await recordOf("sm.write.finished", outcome), [
      level,
      "sm.write.finished",
      counts,
    ]);
    // Not finding a chunk is a cache's everyday life.
    assertEquals(await recordOf("sm.read.prefetched_finished", outcome), [
      "debug",
      "sm.read.prefetched_finished",
      counts,
    ]);
  }
});

Deno.test("events of chunks are counted, not listed", async () => {
  for (const type of ["l1.read.finished", "l1.write.finished", "l1.keys.evicted"] as const) {
    assertEquals(await recordOf(type, SOME as never), ["debug", type, COUNTED]);
  }
});
