import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { kvCacheCatalog, type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import {
  ChunkLifecycle,
  type LifecycleEvent,
} from "../../src/kv_cache/lifecycle/chunk_lifecycle.ts";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { ManualClock } from "@busbar/busbar/testing";
import { key, observed } from "../support/kv_cache.ts";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";

const WRITTEN = "l1.write.finished";
const PROMOTED = "l1.write_finished_and_read_reserved";
const READ = "l1.read.finished";
const EVICTED = "l1.keys.evicted";

/** What one event about some chunks reports, at so many seconds. */
function at(
  lifecycle: ChunkLifecycle,
  second: number,
  type: LifecycleEvent["type"],
  ...hashes: (number | string)[]
) {
  const metadata = { keys: hashes.map((hash) => key(hash)) };
  return lifecycle.observe({
    type,
    timestamp: second * 1_000,
    metadata,
    sessionId: "",
    operationId: "",
    traceparent: undefined,
    tracestate: undefined,
  });
}

Deno.test("a chunk's life is measured by the events' own times", async () => {
  await using kv = observed("collect", { lifecycleSampleRatio: 1 });
  const report = (second: number, type: keyof KvCacheEvents & LifecycleEvent["type"]) =>
    kv.bus.publish(type, { keys: [key("a"), key("b")] }, { timestamp: second * 1_000 });
  report(10, WRITTEN);
  report(14, READ);
  report(15, READ);
  report(22, EVICTED);
  report(52, PROMOTED);
  report(52.5, READ);
  report(55, READ);
  const found = await kv.scrape();
  const of = (name: string) =>
    ["count", "sum"].map((what) => found[`lmcache_mp_l1_chunk_${name}_seconds_${what}`]);
  assertEquals(of("lifetime"), [2, 2 * 12]);
  assertEquals(of("idle_before_evict"), [2, 2 * 7]);
  assertEquals(of("reuse_gap"), [8, 2 * (4 + 1 + 0.5 + 2.5)]);
  assertEquals(of("evict_reuse_gap"), [2, 2 * 30]);
});

Deno.test("one event may report many chunks, or none", () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 10_000 });
  at(lifecycle, 0, WRITTEN, 1);
  at(lifecycle, 1, WRITTEN, 2);
  assertEquals(at(lifecycle, 5, EVICTED, 1, 2, 3).lifetimeS, [5, 4]);
  // A read of what was never written, and another eviction, contradict what is known.
  assertEquals(at(lifecycle, 6, READ, 9).reuseGapS, []);
  assertEquals(at(lifecycle, 7, EVICTED, 1).lifetimeS, []);
});

Deno.test("what does not come back within 300 seconds counts as 300, once", () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 10_000 });
  at(lifecycle, 0, EVICTED, 1, 2, 3);
  assertEquals(at(lifecycle, 299, WRITTEN, 1).evictReuseGapS, [299]);
  // It has returned: to write it once more is no return.
  assertEquals(at(lifecycle, 299.5, WRITTEN, 1).evictReuseGapS, []);
  // Nobody waits for the others any longer; which chunk is read shows nothing of that.
  assertEquals(at(lifecycle, 400, READ, 1).evictReuseGapS, []);
  assertEquals(lifecycle.stats().trackedEvicted, 2);
  assertEquals(at(lifecycle, 400, EVICTED, 9).evictReuseGapS, [300, 300]);
  assertEquals(lifecycle.stats().trackedEvicted, 1);
  assertEquals(at(lifecycle, 4_000, PROMOTED, 2).evictReuseGapS, [300]); // that of 9
  assertEquals(at(lifecycle, 4_001, PROMOTED, 3, 9).evictReuseGapS, []);
});

Deno.test("evicted chunks expire with chunks that are not in the sample, too", () => {
  const sampled = new ChunkLifecycle({ sampleRatio: 0.5, maxTracked: 10_000 });
  at(sampled, 0, EVICTED, ...Array.from({ length: 100 }, (_, i) => i));
  const { trackedEvicted } = sampled.stats();
  assertEquals(trackedEvicted > 0 && trackedEvicted < 100, true);
  const outside = Array.from({ length: 100 }, (_, i) => i).find((i) => !isSampled(i)) as number;
  const { evictReuseGapS } = at(sampled, 301, WRITTEN, outside);
  assertEquals(evictReuseGapS.length, trackedEvicted);
  assertEquals(sampled.stats(), { trackedInL1: 0, trackedEvicted: 0, untracked: 0 });
});

function isSampled(hash: number): boolean {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 0.5, maxTracked: 1 });
  at(lifecycle, 0, EVICTED, hash);
  return lifecycle.stats().trackedEvicted === 1;
}

Deno.test("a write of a chunk that is there is a use of it, as a read is", () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 10_000 });
  at(lifecycle, 0, WRITTEN, 1);
  assertEquals(at(lifecycle, 3, WRITTEN, 1).reuseGapS, [3]);
  assertEquals(at(lifecycle, 7, READ, 1).reuseGapS, [4]);
  assertEquals(at(lifecycle, 8, EVICTED, 1).lifetimeS, [5]);
});

Deno.test("the parts of a chunk that ranks and object groups hold have lives of their own", () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 10_000 });
  const report = (second: number, type: LifecycleEvent["type"], kvRank: number, group = 0) =>
    lifecycle.observe({
      type,
      timestamp: second * 1_000,
      metadata: { keys: [{ ...key(1), kvRank, objectGroup: group }] },
      sessionId: "",
      operationId: "",
      traceparent: undefined,
      tracestate: undefined,
    });
  report(0, WRITTEN, 0);
  report(1, WRITTEN, 1);
  report(2, WRITTEN, 1, 1);
  assertEquals(report(5, EVICTED, 0).lifetimeS, [5]);
  assertEquals(report(5, EVICTED, 1).lifetimeS, [4]);
  assertEquals(report(5, EVICTED, 1, 1).lifetimeS, [3]);
});

Deno.test("a clock that steps back makes no negative time", () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 10_000 });
  at(lifecycle, 10, WRITTEN, 1);
  assertEquals(at(lifecycle, 8, READ, 1).reuseGapS, [0]);
  assertEquals(at(lifecycle, 7, EVICTED, 1).lifetimeS, [0]);
});

Deno.test("the same chunk of another tenant or model is another chunk", () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 10_000 });
  const report = (timestamp: number, type: LifecycleEvent["type"], cacheSalt: string) =>
    lifecycle.observe({
      type,
      timestamp,
      metadata: { keys: [key(1, "m", cacheSalt)] },
      sessionId: "",
      operationId: "",
      traceparent: undefined,
      tracestate: undefined,
    });
  report(0, WRITTEN, "a");
  assertEquals(report(1_000, EVICTED, "b").lifetimeS, []);
  assertEquals(report(2_000, EVICTED, "a").lifetimeS, [2]);
});

Deno.test("the sample is the same in every process, and as large as asked for", () => {
  const sampled = (ratio: number, hashes: (number | string)[]) => {
    const lifecycle = new ChunkLifecycle({ sampleRatio: ratio, maxTracked: 100_000 });
    for (const hash of hashes) at(lifecycle, 0, WRITTEN, hash);
    return hashes.filter((hash) => at(lifecycle, 1, EVICTED, hash).lifetimeS.length === 1);
  };
  const numbers = Array.from({ length: 20_000 }, (_, i) => i);
  const large = numbers.map((i) => Number.MAX_SAFE_INTEGER - i);
  const strings = numbers.map((i) => `chunk-${i.toString(16)}`);
  for (const hashes of [numbers, large, strings]) {
    assertEquals(sampled(0, hashes), []);
    assertEquals(sampled(1, hashes).length, hashes.length);
    for (const ratio of [0.01, 0.1, 0.5]) {
      const found = sampled(ratio, hashes);
      const expected = hashes.length * ratio;
      // Five standard deviations.
      const tolerance = 5 * Math.sqrt(expected * (1 - ratio));
      assertEquals(
        Math.abs(found.length - expected) < tolerance,
        true,
        `${ratio}: ${found.length}`,
      );
      assertEquals(found, sampled(ratio, hashes));
    }
    // A larger sample holds all of a smaller one.
    const tenth = new Set(sampled(0.1, hashes));
    assertEquals(sampled(0.01, hashes).every((hash) => tenth.has(hash)), true);
  }
  // Written down, so that a change of the hash does not go unseen.
  assertEquals(sampled(0.001, numbers).slice(0, 3), [2_982, 3_701, 7_270]);
  assertEquals(sampled(0.001, large).slice(0, 2), [9_007_199_254_739_125, 9_007_199_254_738_396]);
  assertEquals(sampled(0.001, large.map((hash) => hash - 0.5)).length > 0, true);
  assertEquals(sampled(0.001, numbers.map((i) => i * 2 ** 32)).length < 60, true);
  assertEquals(sampled(0.001, strings).slice(0, 3), ["chunk-8b6", "chunk-8dd", "chunk-dbf"]);
});

Deno.test("memory is bounded: what was used longest ago is no longer tracked, and counted", async () => {
  const lifecycle = new ChunkLifecycle({ sampleRatio: 1, maxTracked: 3 });
  at(lifecycle, -2, WRITTEN, 1);
  at(lifecycle, -1, WRITTEN, 2);
  at(lifecycle, 0, WRITTEN, 3);
  at(lifecycle, 1, READ, 1);
  assertEquals(at(lifecycle, 2, WRITTEN, 4).untracked, 1);
  // 2 had to go, not 1, which was read meanwhile; a chunk that is written again stays one.
  assertEquals(at(lifecycle, 2, WRITTEN, 4).untracked, 0);
  assertEquals(at(lifecycle, 3, EVICTED, 1, 2, 3, 4).lifetimeS, [5, 3, 1]);
  // All four are remembered as evicted, which is one too many.
  assertEquals(lifecycle.stats(), { trackedInL1: 0, trackedEvicted: 3, untracked: 2 });
  assertEquals(at(lifecycle, 4, EVICTED, 5).untracked, 1);

  await using kv = observed("collect", { lifecycleSampleRatio: 1, maxTracked: 10 });
  const many = Array.from({ length: 15 }, (_, i) => key(i));
  kv.bus.publish(WRITTEN, { keys: many });
  const found = await kv.scrape();
  assertEquals(found["lmcache_mp_l1_chunk_lifecycle_untracked_chunks_total"], 5);
});

Deno.test("an option that does not exist is refused", () => {
  assertThrows(
    () => kvCacheCatalog({ prefixes: "x" } as never),
    TypeError,
    'Cannot create the KV cache catalog: there is no option "prefixes"; did you mean "prefix"?',
  );
  const bus = new EventBus<KvCacheEvents>();
  assertThrows(
    () => registerKvCache(bus, { collect: true, prefixes: "x" } as never),
    TypeError,
    'Cannot register the KV cache: there is no option "prefixes"; did you mean "prefix"?',
  );
});

Deno.test("the bounds of the lives' histograms are those of the contract", () => {
  const metrics = kvCacheCatalog({ lifecycleSampleRatio: 0 }).metrics ?? {};
  const bounds = (name: string) => metrics[`lmcache_mp.l1_chunk_${name}`]?.buckets;
  const lives = [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400];
  for (const name of ["lifetime", "idle_before_evict", "reuse_gap"]) {
    assertEquals(bounds(name), lives);
  }
  assertEquals(
    bounds("evict_reuse_gap"),
    [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300],
  );
});

Deno.test("a share or a bound that is none is refused at once", () => {
  for (const lifecycleSampleRatio of [-0.1, 1.1, NaN]) {
    assertThrows(
      () => kvCacheCatalog({ lifecycleSampleRatio }),
      RangeError,
      "Cannot create the KV cache catalog: lifecycleSampleRatio must be a number from 0 to 1, " +
        `received ${lifecycleSampleRatio}`,
    );
  }
  for (const maxTracked of [0, 1.5, NaN]) {
    assertThrows(() => kvCacheCatalog({ maxTracked }), RangeError, "maxTracked");
  }
});

Deno.test("how long a return is waited for is up to the bus's clock, not to the stamps of evictions", async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const bus = new EventBus<KvCacheEvents>({ clock: clock.now, drainBudgetMs: ONE_SLICE_MS });
  const { metrics = {} } = kvCacheCatalog({ lifecycleSampleRatio: 1 });
  const subscriber = new MetricsSubscriber<KvCacheEvents>({ metrics });
  bus.start().registerSubscriber(subscriber);
  const gaps = async () => {
    await bus.flush();
    const found = subscriber.collect().find(({ name }) => name.endsWith("evict_reuse_gap"));
    const [point] = found?.points ?? [];
    return point !== undefined && "count" in point ? [point.count, point.sum] : [0, 0];
  };
  const publish = async (
    type: typeof EVICTED | typeof WRITTEN,
    hash: string,
    timestamp?: number,
  ) => {
    bus.publish(type, { keys: [key(hash)] }, { timestamp });
    return await gaps();
  };
  // One of years ahead, and one of years ago.
  await publish(EVICTED, "ahead", 4e12);
  await publish(EVICTED, "behind", 0);
  await publish(EVICTED, "a");
  clock.timeMs += 299_000;
  assertEquals(await publish(WRITTEN, "b"), [0, 0]);
  clock.timeMs -= 1e9; // no time has passed
  assertEquals(await publish(WRITTEN, "c"), [0, 0]);
  clock.timeMs += 1_000;
  assertEquals(await publish(WRITTEN, "d"), [3, 900]);
  // What returns in time by the bus's clock is 300 s at most, whatever its stamps say.
  await publish(EVICTED, "e", 0);
  assertEquals(await publish(WRITTEN, "e"), [4, 1_200]);
  await bus.stop();
});
