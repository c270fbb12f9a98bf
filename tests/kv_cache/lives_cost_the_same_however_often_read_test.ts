import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import {
  ChunkLifecycle,
  type LifecycleEvent,
} from "../../src/kv_cache/lifecycle/chunk_lifecycle.ts";
import { BlockLifecycle } from "../../src/kv_cache/lifecycle/block_lifecycle.ts";
import { ReuseTracker } from "../../src/kv_cache/lifecycle/reuse_tracker.ts";
import { LruMap } from "../../src/kv_cache/lifecycle/lru_map.ts";
import { collectGarbage } from "../support/garbage.ts";
import { key } from "../support/kv_cache.ts";
import fc from "../support/properties.ts";

let timestamp = 0;
const event = (type: LifecycleEvent["type"], ...hashes: string[]): LifecycleEvent => ({
  type,
  timestamp: timestamp++,
  metadata: { keys: hashes.map((hash) => key(hash)) },
  sessionId: "",
  operationId: "",
  traceparent: undefined,
  tracestate: undefined,
});

/** How much more memory is held after the work than before it. */
function keptBytes(work: () => void): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  work();
  collectGarbage();
  return process.memoryUsage().heapUsed - before;
}

/** What is done again and again, and must leave nothing behind. */
const REPEATED: Record<string, (lives: ChunkLifecycle, round: number) => void> = {
  "reads of 100 chunks": (lives) => void lives.observe(event("l1.read.finished", ...HUNDRED)),
  "reads of one hot chunk": (lives) => {
    for (let i = 0; i < 100; i++) lives.observe(event("l1.read.finished", "chunk 7"));
  },
  "writes of 100 chunks": (lives) => void lives.observe(event("l1.write.finished", ...HUNDRED)),
  "evictions and returns of 100 chunks": (lives) => {
    lives.observe(event("l1.keys.evicted", ...HUNDRED));
    lives.observe(event("l1.write.finished", ...HUNDRED));
  },
  "chunks that come and are no longer tracked": (lives, round) => {
    const keys = Array.from({ length: 100 }, (_, i) => `${round}/${i}`);
    lives.observe(event("l1.write.finished", ...keys));
    lives.observe(event("l1.keys.evicted", ...keys));
  },
};
const HUNDRED = Array.from({ length: 100 }, (_, i) => `chunk ${i}`);

for (const [what, repeat] of Object.entries(REPEATED)) {
  Deno.test(`${what}, 200,000 times, take no more memory`, () => {
    const lives = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 1_000 });
    lives.observe(event("l1.write.finished", ...HUNDRED));
    let round = 0;
    for (; round < 200; round++) repeat(lives, round);
    const kept = keptBytes(() => {
      for (; round < 2_200; round++) repeat(lives, round);
    });
    assert(lives.stats().trackedInL1 <= 1_000);
    assert(kept < 2_000_000, `${kept} bytes`);
  });
}

/** The same of what the storage manager's callers access, and of engines' blocks. */
const OTHERS: Record<string, (round: number) => void> = (() => {
  const tracking = { sampleRatio: 1, maxTracked: 1_000 };
  const accesses = new ReuseTracker(tracking);
  const blocks = new BlockLifecycle(tracking);
  const bare = { sessionId: "", operationId: "", traceparent: undefined, tracestate: undefined };
  const access = (cacheSalt: string, prefix: string) =>
    accesses.observe({
      ...bare,
      type: "sm.read.prefetched_finished",
      timestamp: timestamp++,
      metadata: {
        succeededKeys: HUNDRED.map((hash) => key(prefix + hash, "m", cacheSalt)),
        failedKeys: [],
      },
    });
  const give = (reqId: string, instanceId: string, token: number) =>
    blocks.observe({
      ...bare,
      type: "mp.vllm.block_allocation",
      timestamp: timestamp++,
      metadata: {
        instanceId,
        modelName: "m",
        records: [{
          reqId,
          newBlockIds: HUNDRED.map((_, i) => i),
          newTokenIds: HUNDRED.map(() => token),
        }],
      },
    });
  return {
    "accesses of 100 chunks": () => void access("", ""),
    "accesses of 100 chunks of ever new tenants": (round) => void access(`t${round}`, ""),
    "accesses of ever new chunks": (round) => void access("", `${round}/`),
    "blocks given to ever new tokens": (round) => void give("r", "vllm", round),
    "blocks of ever new engines": (round) => void give("r", `vllm ${round}`, 1),
    "blocks shared by requests whose end is never told": (round) =>
      void give(`r${round}`, "vllm", 1),
  };
})();

for (const [what, repeat] of Object.entries(OTHERS)) {
  Deno.test(`${what}, again and again, take no more memory`, () => {
    let round = 0;
    for (; round < 200; round++) repeat(round);
    const kept = keptBytes(() => {
      for (; round < 2_200; round++) repeat(round);
    });
    assert(kept < 2_000_000, `${kept} bytes`);
  });
}

Deno.test("a chunk's name of any length takes a bounded part of the memory, and is told apart", () => {
  const lives = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 1_000 });
  const long = (i: number) => "x".repeat(50_000) + i;
  const kept = keptBytes(() => {
    for (let i = 0; i < 500; i++) lives.observe(event("l1.write.finished", long(i)));
    lives.observe(event("l1.write.finished", "short"));
  });
  assertEquals(lives.stats().trackedInL1, 501);
  assert(kept < 5_000_000, `${kept} bytes`);
  assertEquals(lives.observe(event("l1.keys.evicted", long(7))).lifetimeS.length, 1);
  assertEquals(lives.observe(event("l1.keys.evicted", long(7))).lifetimeS.length, 0);
});

Deno.test("any program of sets, gets and deletes agrees with a list", () => {
  const step = fc.record({
    what: fc.constantFrom("set", "set", "set", "get", "delete"),
    key: fc.constantFrom(..."abcdefg"),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), fc.integer({ min: 1, max: 5 }), (
    steps,
    maxSize,
  ) => {
    const map = new LruMap<number>(maxSize);
    let model: [key: string, value: number][] = [];
    steps.forEach(({ what, key }, value) => {
      const known = model.find(([other]) => other === key);
      if (what === "get") assertEquals(map.get(key), known?.[1]);
      else {
        model = model.filter((entry) => entry !== known);
        if (what === "delete") map.delete(key);
        else {
          model.push([key, value]);
          assertEquals(map.set(key, value), model.length > maxSize);
          model = model.slice(-maxSize);
        }
      }
      assertEquals(map.size, model.length);
      for (const [key, value] of model) assertEquals(map.get(key), value);
    });
  }));
});
