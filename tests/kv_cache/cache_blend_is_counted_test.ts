import { assertEquals } from "@std/assert";
import { kvCacheCatalog } from "@busbar/busbar/kv-cache";
import { observed } from "../support/kv_cache.ts";
import { example } from "../support/kv_cache_events.ts";

Deno.test("what a lookup's end leaves out adds nothing, and is no mistake", async () => {
  await using kv = observed("collect");
  const { prefixHitTokens: _, staleChunks: __, ...bare } = example("cb.lookup.end");
  kv.bus.publish("cb.lookup.end", bare as never);
  kv.bus.publish("cb.lookup.end", example("cb.lookup.end", { noGpuContext: true }));
  const found = await kv.scrape();
  const of = (name: string) => found[`lmcache_blend_lookup_${name}_total`];
  assertEquals([of("hit_tokens"), of("prefix_hit_tokens"), of("stale_chunks")], [1_200, 300, 6]);
  assertEquals(of("no_gpu_context_errors"), 1);
  assertEquals(kv.registration.collect().length > 0, true);
  assertEquals(found["lmcache_mp_metrics_invalid_values_total"] ?? 0, 0);
});

Deno.test("failures, timeouts and what came to nothing count once each", async () => {
  await using kv = observed("collect");
  kv.bus.publish("cb.retrieve.end", { success: false, workerId: 0 });
  kv.bus.publish("cb.retrieve.end", { success: true, workerId: 0 });
  kv.bus.publish("cb.coordinator_match.end", { matches: 0, timedOut: true });
  kv.bus.publish("cb.retrieve.noop", { reason: "no_object_keys", droppedMatches: 5 });
  const found = await kv.scrape();
  assertEquals(found["lmcache_blend_retrieve_failures_total"], 1);
  assertEquals(found["lmcache_blend_coordinator_match_timeouts_total"], 1);
  assertEquals(found['lmcache_blend_retrieve_noops_total{reason="no_object_keys"}'], 1);
  // Nothing was begun.
  assertEquals(found["lmcache_blend_retrieve_requests_total"], 0);
});

for (const what of ["retrieve", "scatter"] as const) {
  Deno.test(`two workers ${what} at once, and each takes as long as it takes`, async () => {
    await using kv = observed("collect");
    const at = (timestamp: number) => ({ sessionId: "r1", timestamp });
    const start = (workerId: number, ms: number) =>
      kv.bus.publish(
        `cb.${what}.start`,
        { ...example(`cb.${what}.start`), workerId } as never,
        at(ms),
      );
    const end = (workerId: number, ms: number) =>
      kv.bus.publish(`cb.${what}.end`, { success: true, workerId }, at(ms));
    start(0, 0);
    start(1, 5);
    end(1, 10);
    end(0, 20);
    const found = await kv.scrape();
    const of = (series: string) => found[`lmcache_blend_${what}_duration_milliseconds_${series}`];
    assertEquals([of("count"), of("sum")], [2, 5 + 20]);
    // In order, they would have taken 10 and 15.
    assertEquals([of('bucket{le="5"}'), of('bucket{le="10"}')], [1, 1]);
  });
}

Deno.test("without a prefix for it there is no CacheBlend", () => {
  const names = (blendPrefix?: string | false) =>
    Object.keys(kvCacheCatalog({ blendPrefix }).metrics ?? {});
  assertEquals(names(false).every((name) => name.startsWith("lmcache_mp.")), true);
  assertEquals(names().length - names(false).length, 25 + 7);
  assertEquals(names("own.blend").includes("own.blend.lookup_requests"), true);
});
