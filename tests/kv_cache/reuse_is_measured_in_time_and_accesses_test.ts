import { assertEquals } from "@std/assert";
import type { ChunkKey } from "@busbar/busbar/kv-cache";
import { type AccessEvent, ReuseTracker } from "../../src/kv_cache/lifecycle/reuse_tracker.ts";
import { key, observed } from "../support/kv_cache.ts";

const READ = "sm.read.prefetched_finished";
const WRITTEN = "sm.write.finished";

/** The gaps that one event shows, in seconds and accesses, at so many seconds. */
function at(
  tracker: ReuseTracker,
  second: number,
  type: AccessEvent["type"],
  ...succeededKeys: ChunkKey[]
): [string, number, number][] {
  const { reuses } = tracker.observe({
    type,
    timestamp: second * 1_000,
    metadata: { succeededKeys, failedKeys: [key("failed")] },
    sessionId: "",
    operationId: "",
    traceparent: undefined,
    tracestate: undefined,
  });
  return reuses.map(({ cacheSalt, gapS, gapAccesses }) => [cacheSalt, gapS, gapAccesses]);
}

const alice = (hash: number, kvRank?: number) => ({ ...key(hash, "m", "alice"), kvRank });

Deno.test("a read of what was read or written before is reuse, a write is none", () => {
  const tracker = new ReuseTracker({ sampleRatio: 1, maxTracked: 10 });
  assertEquals(at(tracker, 0, READ, alice(1)), []);
  assertEquals(at(tracker, 1, WRITTEN, alice(1), alice(2)), []);
  assertEquals(at(tracker, 5, READ, alice(1)), [["alice", 4, 2]]);
  assertEquals(at(tracker, 6, READ, alice(1)), [["alice", 1, 1]]);
  assertEquals(at(tracker, 8, READ, alice(2)), [["alice", 7, 3]]);
  // What failed was not accessed.
  assertEquals(at(tracker, 9, READ, key("failed")), []);
});

Deno.test("keys of several ranks in one event are one access of one chunk", () => {
  const tracker = new ReuseTracker({ sampleRatio: 1, maxTracked: 10 });
  at(tracker, 0, WRITTEN, alice(1, 0), alice(1, 1), alice(2, 0), alice(2, 1));
  assertEquals(at(tracker, 1, READ, alice(1, 0), alice(1, 1)), [["alice", 1, 2]]);
  // Of another model it is the same chunk: its hash says what it holds.
  assertEquals(at(tracker, 2, READ, key(1, "other", "alice")), [["alice", 1, 1]]);
});

Deno.test("tenants count their own accesses, and share no chunk", () => {
  const tracker = new ReuseTracker({ sampleRatio: 1, maxTracked: 10 });
  at(tracker, 0, WRITTEN, alice(1), key(1, "m", "bob"));
  at(tracker, 1, WRITTEN, key(2, "m", "bob"), key(3, "m", "bob"));
  assertEquals(at(tracker, 2, READ, alice(1), key(1, "m", "bob")), [
    ["alice", 2, 1],
    ["bob", 2, 3],
  ]);
});

Deno.test("chunks outside the sample count as accesses of their tenant", () => {
  const all = new ReuseTracker({ sampleRatio: 1, maxTracked: 1_000 });
  const some = new ReuseTracker({ sampleRatio: 0.1, maxTracked: 1_000 });
  const chunks = Array.from({ length: 500 }, (_, i) => alice(i));
  for (const tracker of [all, some]) at(tracker, 0, WRITTEN, ...chunks);
  const [expected, found] = [all, some].map((tracker) => at(tracker, 1, READ, ...chunks));
  assertEquals(expected?.length, 500);
  assertEquals(expected?.every(([, , accesses]) => accesses === 500), true);
  assertEquals((found?.length ?? 0) > 10 && (found?.length ?? 0) < 120, true);
  assertEquals(found?.every(([, , accesses]) => accesses === 500), true);
});

Deno.test("memory is bounded: what was accessed longest ago is no longer tracked, and counted", async () => {
  const tracker = new ReuseTracker({ sampleRatio: 1, maxTracked: 2 });
  at(tracker, 0, WRITTEN, alice(1), alice(2), alice(3));
  assertEquals(at(tracker, 1, READ, alice(2), alice(3)).length, 2);
  assertEquals(at(tracker, 2, READ, alice(1)), []);
  // Two tenants more than there is room for: the first one's chunks begin anew.
  at(tracker, 3, WRITTEN, key(1, "m", "bob"), key(1, "m", "carol"));
  assertEquals(at(tracker, 4, READ, alice(1)), []);

  await using kv = observed("collect", { lifecycleSampleRatio: 1, maxTracked: 2 });
  const succeededKeys = [alice(1), alice(2), alice(3)];
  kv.bus.publish(WRITTEN, { succeededKeys, failedKeys: [] }, { timestamp: 1_000 });
  kv.bus.publish(READ, { succeededKeys: [alice(3)], failedKeys: [] }, { timestamp: 3_000 });
  const found = await kv.scrape();
  const of = (name: string) => found[`lmcache_mp_real_reuse_gap_${name}{cache_salt="alice"}`];
  assertEquals([of("seconds_count"), of("seconds_sum")], [1, 2]);
  assertEquals([of("objects_chunks_count"), of("objects_chunks_sum")], [1, 1]);
  assertEquals(found["lmcache_mp_real_reuse_untracked_chunks_total"], 1);
});

Deno.test("of a tenant that there was no more room for, the chunks begin anew", () => {
  const isSampled = (hash: number) => {
    const tracker = new ReuseTracker({ sampleRatio: 0.5, maxTracked: 1 });
    at(tracker, 0, WRITTEN, alice(hash));
    return at(tracker, 1, READ, alice(hash)).length === 1;
  };
  const hashes = Array.from({ length: 100 }, (_, i) => i);
  const inside = hashes.find(isSampled) as number;
  const outside = hashes.find((hash) => !isSampled(hash)) as number;
  const tracker = new ReuseTracker({ sampleRatio: 0.5, maxTracked: 1 });
  at(tracker, 0, WRITTEN, alice(inside));
  at(tracker, 1, WRITTEN, key(outside, "m", "bob"));
  // It is known when it was written, but not how many accesses ago.
  assertEquals(at(tracker, 2, READ, alice(inside)), []);
  assertEquals(at(tracker, 3, READ, alice(inside)), [["alice", 1, 1]]);
});

Deno.test("a key without a salt is of the tenant without a name", () => {
  const tracker = new ReuseTracker({ sampleRatio: 1, maxTracked: 2 });
  const bare = { chunkHash: 1, modelName: "m" } as ChunkKey;
  at(tracker, 0, WRITTEN, bare);
  assertEquals(at(tracker, 1, READ, key(1)), [["", 1, 1]]);
  const bridged = { ...bare, cacheSalt: null } as unknown as ChunkKey;
  assertEquals(at(tracker, 3, READ, bridged), [["", 2, 1]]);
});
