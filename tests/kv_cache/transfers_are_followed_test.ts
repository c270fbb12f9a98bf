import { assertEquals } from "@std/assert";
import type { PhaseSample } from "@busbar/busbar/kv-cache";
import { observed } from "../support/kv_cache.ts";
import { example } from "../support/kv_cache_events.ts";

const GPU = '{device="cuda:0"}';

for (const what of ["store", "retrieve"] as const) {
  Deno.test(`${what}s under way are a difference that is there before the first has ended`, async () => {
    await using kv = observed("collect");
    const of = async () => {
      const found = await kv.scrape();
      return ["submitted", "finished"].map((state) =>
        found[`lmcache_mp_num_${state}_${what}s_total${GPU}`]
      );
    };
    kv.bus.publish(`mp.${what}.submitted`, { device: "cuda:0" });
    kv.bus.publish(`mp.${what}.submitted`, { device: "cuda:0" });
    assertEquals(await of(), [2, 0]);
    // It ends, whether it worked or not.
    const failed = { totalBytes: 0, numTokens: 0, storedCount: 0, retrievedCount: 0 };
    kv.bus.publish(`mp.${what}.end`, {
      ...example(`mp.${what}.end`),
      ...failed,
    });
    assertEquals(await of(), [2, 1]);
  });

  Deno.test(`a ${what} that ends without having been submitted has both series, too`, async () => {
    await using kv = observed("collect");
    kv.bus.publish(`mp.${what}.end`, example(`mp.${what}.end`));
    const found = await kv.scrape();
    assertEquals(found[`lmcache_mp_num_submitted_${what}s_total${GPU}`], 0);
    assertEquals(found[`lmcache_mp_num_finished_${what}s_total${GPU}`], 1);
  });

  for (
    const [how, ids] of [
      ["operation ids", [{ operationId: "a" }, { operationId: "b" }]],
      ["transfer keys", [{ transferKey: "r1#1" }, { transferKey: "r1#2" }]],
      ["devices alone", [{ device: "cuda:0" }, { device: "cuda:1" }]],
    ] as const
  ) {
    Deno.test(`two ranks ${what} at once, told apart by their ${how}`, async () => {
      await using kv = observed("collect");
      const { transferKey: _, ...bare } = example(`mp.${what}.end`);
      const [first, second] = ids.map((id) => ({ ...bare, ...id }));
      const at = (second: number) => ({ sessionId: "r1", timestamp: second * 1_000 });
      const publish = kv.bus.publish.bind(kv.bus);
      publish(`mp.${what}.start`, first as never, at(0));
      publish(`mp.${what}.start`, second as never, at(6));
      publish(`mp.${what}.end`, { ...second, totalBytes: 2e9 } as never, at(8));
      publish(`mp.${what}.end`, { ...first, totalBytes: 5e9 } as never, at(10));
      const name = `lmcache_mp_l0_l1_${what === "store" ? "store" : "load"}_throughput`;
      const sums = Object.entries(await kv.scrape())
        .filter(([series]) => series.startsWith(`${name}_GB_per_second_sum`))
        .map(([, sum]) => sum);
      // 5 GB in 10 s, and 2 GB in 2 s.
      assertEquals(sums.reduce((a, b) => a + b, 0), 1 + 0.5);
    });
  }
}

Deno.test("nothing but lives is sampled: every throughput is recorded", async () => {
  await using kv = observed("collect", { lifecycleSampleRatio: 0 });
  for (let i = 0; i < 100; i++) {
    const init = { sessionId: "s", operationId: `${i}` };
    kv.bus.publish("mp.store.start", example("mp.store.start"), { ...init, timestamp: 0 });
    kv.bus.publish("mp.store.end", example("mp.store.end"), { ...init, timestamp: 1_000 });
  }
  const labels = '{device="cuda:0",engine_id="7",model_name="llama"}';
  const found = await kv.scrape();
  assertEquals(found[`lmcache_mp_l0_l1_store_throughput_GB_per_second_count${labels}`], 100);
});

Deno.test("a load counts the bytes that were read, where its end says how many", async () => {
  await using kv = observed("collect");
  const load = (taskId: number, bytesTransferred?: number) => {
    const start = example("l2.load_task.submitted", { taskId, totalBytes: 4e9 });
    kv.bus.publish("l2.load_task.submitted", start, { timestamp: 0 });
    const end = example("l2.load_task.completed", { taskId, bytesTransferred });
    kv.bus.publish("l2.load_task.completed", end, { timestamp: 1_000 });
  };
  load(1);
  load(2, 1e9);
  load(3, 0);
  const found = await kv.scrape();
  const of = (what: string) =>
    found[`lmcache_mp_l2_load_throughput_GB_per_second_${what}{l2_name="disk"}`];
  assertEquals([of("count"), of("sum")], [2, 5]);
});

const SAMPLE: PhaseSample = {
  phase: "staging",
  direction: "d2h",
  deviceIndex: 1,
  elapsedMs: 500,
  nbytes: 2e9,
  transferKey: "r1#1",
  startTimeS: 1,
  endTimeS: 1.5,
};

async function afterSamples(...samples: unknown[]): Promise<Record<string, number>> {
  await using kv = observed("collect");
  kv.bus.publish("mp.transfer.phase_samples", {
    samples: samples as PhaseSample[],
    endedTransferKey: "r1#1",
  });
  const found = await kv.scrape();
  assertEquals(kv.bus.subscriberExceptionCounts(), {});
  assertEquals(found["lmcache_mp_metrics_invalid_values_total"] ?? 0, 0);
  return Object.fromEntries(
    Object.entries(found).filter(([series]) =>
      /_transfer_/.test(series) && !series.includes("_bucket")
    ).map(([series, value]) => [series.replace("lmcache_mp_transfer_", ""), value]),
  );
}

Deno.test("the steps of transfers are added up by device, direction and phase", async () => {
  const kernel = { ...SAMPLE, phase: "kernel", elapsedMs: 100, nbytes: 1e9 };
  const back = { ...SAMPLE, direction: "h2d", elapsedMs: 250 };
  const who = (direction: string, phase: string) =>
    `{device_index="1",direction="${direction}",phase="${phase}"}`;
  assertEquals(await afterSamples(SAMPLE, SAMPLE, kernel, back), {
    [`phase_bytes_total${who("d2h", "staging")}`]: 4e9,
    [`phase_bytes_total${who("d2h", "kernel")}`]: 1e9,
    [`phase_bytes_total${who("h2d", "staging")}`]: 2e9,
    [`phase_elapsed_seconds_total${who("d2h", "staging")}`]: 1,
    [`phase_elapsed_seconds_total${who("d2h", "kernel")}`]: 0.1,
    [`phase_elapsed_seconds_total${who("h2d", "staging")}`]: 0.25,
    // Of copies alone: gathering waits for them.
    'staging_throughput_GB_per_second_count{device_index="1",direction="d2h"}': 2,
    'staging_throughput_GB_per_second_sum{device_index="1",direction="d2h"}': 8,
    'staging_throughput_GB_per_second_count{device_index="1",direction="h2d"}': 1,
    'staging_throughput_GB_per_second_sum{device_index="1",direction="h2d"}': 8,
  });
});

Deno.test("a step that says nothing is passed over, and the others of its event count", async () => {
  const { elapsedMs: _, ...untimed } = SAMPLE;
  const nothing = [
    { ...SAMPLE, elapsedMs: 0 },
    { ...SAMPLE, elapsedMs: -1 },
    { ...SAMPLE, elapsedMs: "500" },
    { ...SAMPLE, elapsedMs: NaN },
    { ...SAMPLE, nbytes: 0 },
    { ...SAMPLE, nbytes: Infinity },
    { ...SAMPLE, phase: "waiting" },
    { ...SAMPLE, deviceIndex: undefined },
    { ...SAMPLE, deviceIndex: "1" },
    { ...SAMPLE, direction: undefined },
    { ...SAMPLE, direction: {} },
    untimed,
    null,
    undefined,
    7,
  ];
  assertEquals(await afterSamples(...nothing), {});
  assertEquals(Object.keys(await afterSamples(...nothing, SAMPLE)).length, 4);
  assertEquals(await afterSamples(), {});
});

Deno.test("an unknown direction is called by its number", async () => {
  const found = await afterSamples({ ...SAMPLE, direction: 7 });
  assertEquals(found['phase_bytes_total{device_index="1",direction="7",phase="staging"}'], 2e9);
});
