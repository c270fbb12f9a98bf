import { assertEquals } from "@std/assert";
import type { ChunkKey, KvCacheEvents } from "@busbar/busbar/kv-cache";
import { key, observed } from "../support/kv_cache.ts";
import { example } from "../support/kv_cache_events.ts";

const ALICE_2_BOB_1 = [key(1, "a", "alice"), key(2, "b", "alice"), key(3, "a", "bob")];

/** The series of one metric, by its labels. */
async function seriesAfter<Type extends keyof KvCacheEvents>(
  name: string,
  ...events: readonly (readonly [Type, KvCacheEvents[Type]])[]
): Promise<Record<string, number>> {
  await using kv = observed("collect");
  for (const [type, metadata] of events) kv.bus.publish(type, metadata as never);
  const found = Object.entries(await kv.scrape());
  assertEquals(kv.bus.subscriberExceptionCounts(), {});
  return Object.fromEntries(
    found.filter(([series]) => series.startsWith(`lmcache_mp_${name}_chunks_total`))
      .map(([series, value]) => [series.replace(/^[^{]*/, ""), value]),
  );
}

for (
  const [type, name] of [
    ["l1.read.finished", "l1_read"],
    ["l1.write.finished", "l1_write"],
    ["l1.write_finished_and_read_reserved", "l1_write"],
    ["l1.keys.evicted", "l1_evicted"],
  ] as const
) {
  Deno.test(`${type} adds the keys of each tenant`, async () => {
    assertEquals(await seriesAfter(name, [type, { keys: ALICE_2_BOB_1 }]), {
      '{cache_salt="alice"}': 2,
      '{cache_salt="bob"}': 1,
    });
  });
}

Deno.test("a chunk counts once for each rank and object group", async () => {
  const keys = [0, 1].map((kvRank) => ({ ...key(1, "m", "alice"), kvRank, objectGroup: 3 }));
  assertEquals(await seriesAfter("l1_read", ["l1.read.finished", { keys }]), {
    '{cache_salt="alice"}': 2,
  });
});

Deno.test("a key without a salt counts under the empty one", async () => {
  const bare = { chunkHash: 1, modelName: "m" } as ChunkKey;
  assertEquals(await seriesAfter("l1_read", ["l1.read.finished", { keys: [bare, key(2)] }]), {
    '{cache_salt=""}': 2,
  });
  const bridged = { ...bare, cacheSalt: null } as unknown as ChunkKey;
  assertEquals(await seriesAfter("l1_read", ["l1.read.finished", { keys: [bridged] }]), {
    '{cache_salt=""}': 1,
  });
});

Deno.test("events about no key add nothing", async () => {
  assertEquals(await seriesAfter("l1_read", ["l1.read.finished", { keys: [] }]), {});
  const failed = { keys: [], during: "l1_store" } as const;
  assertEquals(await seriesAfter("l1_allocation_failure", ["l1.allocation.failed", failed]), {});
});

for (
  const [type, name] of [
    ["l2.store.submitted", "l2_store_submitted_objects"],
    ["l2.store.completed", "l2_store_completed_objects"],
    ["l2.prefetch.lookup.submitted", "l2_prefetch_lookup_objects"],
    ["l2.prefetch.load.submitted", "l2_prefetch_load_submitted_objects"],
    ["l2.prefetch.load.completed", "l2_prefetch_load_completed"],
    ["l2.keys.evicted", "l2_evicted_objects"],
  ] as const
) {
  Deno.test(`${type} adds what its publisher has counted for each tenant, and nothing without`, async () => {
    const counted = { ...example(type), keyCountPerSalt: { alice: 5, "": 2 } };
    const bare = { ...example(type), keyCountPerSalt: undefined };
    assertEquals(await seriesAfter(name, [type, counted], [type, bare], [type, counted]), {
      '{cache_salt="alice"}': 10,
      '{cache_salt=""}': 4,
    });
    assertEquals(await seriesAfter(name, [type, bare]), {});
  });
}

Deno.test("failures add the keys of each model; one that has none counts without the label", async () => {
  const keys = [...ALICE_2_BOB_1, { chunkHash: 4, cacheSalt: "" } as ChunkKey];
  assertEquals(
    await seriesAfter("l1_allocation_failure", ["l1.allocation.failed", {
      keys,
      during: "l2_prefetch",
    }]),
    {
      '{during="l2_prefetch",model_name="a"}': 2,
      '{during="l2_prefetch",model_name="b"}': 1,
      '{during="l2_prefetch"}': 1,
    },
  );
  assertEquals(
    await seriesAfter("l1_read_failure", ["l1.read.failed", {
      keys,
      during: "l2_store",
      reason: "write_locked",
    }]),
    {
      '{during="l2_store",model_name="a",reason="write_locked"}': 2,
      '{during="l2_store",model_name="b",reason="write_locked"}': 1,
      '{during="l2_store",reason="write_locked"}': 1,
    },
  );
  const serde = { keys: ALICE_2_BOB_1, reason: "serde_failure" } as const;
  assertEquals(await seriesAfter("l2_prefetch_failure", ["l2.prefetch.failed", serde]), {
    '{model_name="a",reason="serde_failure"}': 2,
    '{model_name="b",reason="serde_failure"}': 1,
  });
});
