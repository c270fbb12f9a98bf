import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { MemoryLogger } from "@busbar/busbar/testing";
import { key } from "../support/kv_cache.ts";

type Published = readonly [type: keyof KvCacheEvents, metadata: object];

const give = (reqId: string, ...newTokenIds: number[]): Published => [
  "mp.vllm.block_allocation",
  { instanceId: "i", modelName: "m", records: [{ reqId, newBlockIds: [1], newTokenIds }] },
];
const access = { succeededKeys: [key(1)], failedKeys: [] };

/** What shows something, and what its publisher has broken: of the same type. */
const CASES: Record<string, { shown: Published[]; broken: Published[] }> = {
  "l1_chunk": {
    shown: [["l1.write.finished", { keys: [key(1)] }], ["l1.keys.evicted", { keys: [key(1)] }]],
    broken: [["l1.keys.evicted", { keys: [null] }], ["l1.keys.evicted", {}]],
  },
  "real_reuse": {
    shown: [["sm.write.finished", access], ["sm.read.prefetched_finished", access]],
    broken: [
      ["sm.read.prefetched_finished", { succeededKeys: [null] }],
      ["sm.read.prefetched_finished", {}],
    ],
  },
  "l0_block": {
    shown: [give("a", 1), give("b", 2)],
    broken: [
      ["mp.vllm.block_allocation", { instanceId: "i", modelName: "m", records: [null] }],
      ["mp.vllm.block_allocation", {}],
    ],
  },
};

for (const [family, { shown, broken }] of Object.entries(CASES)) {
  Deno.test(`${family}: of an event that is broken, no metric shows what the one before did`, async () => {
    const logger = new MemoryLogger();
    await using bus = new EventBus<KvCacheEvents>({ logger }).start();
    const registration = registerKvCache(bus, { collect: true, lifecycleSampleRatio: 1, logger });
    const publish = (events: readonly Published[]) => {
      for (const [type, metadata] of events) (bus as EventBus).publish(type, metadata);
    };
    const found = async () => {
      await bus.flush();
      return registration.collect()
        .filter(({ name, kind }) => name.includes(`.${family}_`) && kind === "histogram")
        .map(({ name, points }) => [name, points]);
    };
    publish(shown);
    const before = await found();
    publish(broken);
    assertEquals(await found(), before);
    assertEquals(bus.subscriberExceptionCounts()["MetricsSubscriber"], broken.length);
    publish(shown.slice(0, 1));
    await bus.flush();
    assertEquals(bus.subscriberExceptionCounts()["MetricsSubscriber"], broken.length);
  });
}
