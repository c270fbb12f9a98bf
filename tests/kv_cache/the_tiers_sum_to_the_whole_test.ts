import { assertEquals } from "@std/assert";
import { kvCacheCatalog } from "@busbar/busbar/kv-cache";
import { observed } from "../support/kv_cache.ts";
import { example } from "../support/kv_cache_events.ts";
import fc from "../support/properties.ts";

const WHO = '{cache_salt="alice",model_name="llama"}';
const CHUNK = 256;

/** A lookup of chunks that lie in L1, in L2, or nowhere: what it publishes at its end. */
function endOf(places: readonly ("l1" | "l2" | "none")[]) {
  const gap = places.indexOf("none");
  const found = gap === -1 ? places : places.slice(0, gap);
  const firstOfL2 = found.indexOf("l2");
  const l1Prefix = firstOfL2 === -1 ? found.length : firstOfL2;
  const inL1 = found.filter((place) => place === "l1").length;
  return example("mp.lookup_prefetch.end", {
    foundCount: found.length,
    requestedTokens: places.length * CHUNK,
    hitTokens: found.length * CHUNK,
    l1HitTokens: l1Prefix * CHUNK,
    l2HitTokens: (found.length - l1Prefix) * CHUNK,
    l1HitKeys: inL1,
    l2HitKeys: found.length - inL1,
  });
}

async function after(...lookups: ReturnType<typeof endOf>[]) {
  await using kv = observed("collect");
  for (const end of lookups) kv.bus.publish("mp.lookup_prefetch.end", end);
  const found = await kv.scrape();
  const of = (name: string) => found[`lmcache_mp_${name}_total${WHO}`] ?? 0;
  return {
    tokens: [of("lookup_hit_l1_tokens"), of("lookup_hit_l2_tokens"), of("lookup_hit_tokens")],
    keys: [of("lookup_hit_l1_keys"), of("lookup_hit_l2_keys")],
    requested: of("lookup_requested_tokens"),
    lookups: of("lookups_requests"),
    found,
  };
}

Deno.test("L1 has 1, 3 and 4, L2 has 2: the prefix of L1 is one chunk, its keys are three", async () => {
  const { tokens, keys, requested } = await after(endOf(["l1", "l2", "l1", "l1", "none"]));
  assertEquals(tokens, [1 * CHUNK, 3 * CHUNK, 4 * CHUNK]);
  assertEquals(keys, [3, 1]);
  assertEquals(requested, 5 * CHUNK);
});

Deno.test("whatever lies where, the tokens of both tiers are all that was found", async () => {
  const places = fc.array(fc.constantFrom("l1" as const, "l2" as const, "none" as const), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(places, { maxLength: 5 }), async (lookups) => {
      const { tokens: [l1 = 0, l2 = 0, hit], lookups: count } = await after(...lookups.map(endOf));
      assertEquals(l1 + l2, hit);
      assertEquals(count, lookups.length);
    }),
    { numRuns: 20 },
  );
});

Deno.test("keys are never divided by ranks, found chunks are", async () => {
  const end = { ...endOf(["l1", "l2"]), l1HitKeys: 4, l2HitKeys: 4 }; // of four ranks
  const { keys, tokens } = await after(end);
  assertEquals(keys, [4, 4]);
  assertEquals(tokens[2], 2 * CHUNK);
});

Deno.test("a lookup that ends early counts, with its reason; one that finds nothing has none", async () => {
  const none = endOf([]);
  const { found, lookups } = await after(
    endOf(["none"]),
    { ...none, earlyExitReason: "no_gpu_context" },
    { ...none, earlyExitReason: "empty_chunk_hashes" },
    { ...none, earlyExitReason: "empty_chunk_hashes" },
  );
  assertEquals(lookups, 4);
  const early = Object.entries(found).filter(([series]) => series.includes("early_exit"))
    .map(([series, value]) => [/reason="(\w*)"/.exec(series)?.[1], value]);
  assertEquals(early, [["no_gpu_context", 1], ["empty_chunk_hashes", 2]]);
});

Deno.test("what does not name its model or tenant counts without the label", async () => {
  await using kv = observed("collect");
  const { modelName: _, cacheSalt: __, ...bare } = example("mp.lookup_prefetch.end");
  kv.bus.publish("mp.lookup_prefetch.end", bare as never);
  const { modelName: ___, cacheSalt: ____, engineId: _____, ...retrieved } = example(
    "mp.retrieve.end",
  );
  kv.bus.publish("mp.retrieve.end", retrieved as never);
  const found = await kv.scrape();
  assertEquals(found["lmcache_mp_lookup_hit_tokens_total"], 768);
  assertEquals(found["lmcache_mp_num_chunks_loaded_total"], 3);
});

Deno.test("all that lookups count has the same labels, so that each may be divided by another", () => {
  const { metrics = {} } = kvCacheCatalog();
  const event = { metadata: example("mp.lookup_prefetch.end") } as never;
  const names = Object.entries(metrics).filter(([name]) => /\.lookup(_|s$)/.test(name))
    .filter(([name]) => name.startsWith("lmcache_mp.") && !name.endsWith("early_exit"));
  assertEquals(names.length, 7);
  for (const [name, metric] of names) {
    const labels = metric.source === "event" ? Object.keys(metric.attributes?.(event) ?? {}) : [];
    assertEquals(labels, ["model_name", "cache_salt"], name);
  }
});
