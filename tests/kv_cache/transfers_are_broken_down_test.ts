import { assertEquals } from "@std/assert";
import type { KvCacheEvents } from "@busbar/busbar/kv-cache";
import { named, summary, T0 } from "../support/tracing_bus.ts";
import { tracedKvCache, tree } from "../support/traced_kv_cache.ts";

type Sample = KvCacheEvents["mp.transfer.phase_samples"]["samples"][number];

/** One step of a store: it began so many milliseconds after T0. */
const sample = (phase: string, at: number, elapsedMs: number, fields: Partial<Sample> = {}) => ({
  phase,
  direction: "d2h",
  deviceIndex: 1,
  elapsedMs,
  nbytes: 1e6,
  transferKey: "s#1",
  startTimeS: (T0 + at) / 1e3,
  endTimeS: (T0 + at + elapsedMs) / 1e3,
  ...fields,
});

Deno.test("the steps of a store are two bars under it, one behind the other, made when it has ended", async () => {
  await using kv = tracedKvCache();
  const samples = (at: number, endedTransferKey: string, list: Sample[]) =>
    kv.publish("mp.transfer.phase_samples", at, { samples: list, endedTransferKey }, {
      sessionId: "",
    });
  kv.publish("mp.store.start", 0, { transferKey: "s#1" });
  samples(5, "other", [sample("staging", 3, 2), sample("kernel", 1, 4)]);
  kv.publish("mp.store.end", 20, { transferKey: "s#1" });
  kv.publish("mp.request.end", 21);
  assertEquals((await kv.spans()).map(({ name }) => name), ["mp.store", "request"]);
  samples(22, "s#1", [sample("staging", 8, 4), sample("kernel", 6, 1)]);
  const spans = await kv.spans();
  assertEquals(spans.slice(2).map(summary), [
    ["transfer.kernel_interval", 1, 6],
    ["transfer.staging", 6, 12],
  ]);
  assertEquals(tree(spans).slice(2), [
    "transfer.kernel_interval < mp.store",
    "transfer.staging < mp.store",
  ]);
  assertEquals(named(spans, "transfer.staging").attributes, {
    session_id: "s",
    operationId: "s#1",
    device_index: 1,
    num_steps: 2,
    nbytes: 2e6,
    elapsed_seconds: 0.006,
    first_start_s: (T0 + 3) / 1e3,
    last_end_s: (T0 + 12) / 1e3,
    throughput_GB_per_second: 2e6 / 6 / 1e6,
  });
  const kernel = named(spans, "transfer.kernel_interval").attributes;
  assertEquals(kernel["throughput_GB_per_second"], undefined);
  assertEquals(kernel["num_steps"], 2);
  // Nothing is made twice.
  samples(23, "s#1", []);
  assertEquals((await kv.spans()).length, 4);
});

Deno.test("steps that a device tells of after their transfer's end are made then, once", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.store.start", 0, { transferKey: "s#1" });
  kv.publish("mp.store.end", 9, { transferKey: "s#1" });
  const made = async (endedTransferKey: string, ...samples: Sample[]) => {
    kv.publish("mp.transfer.phase_samples", 10, { samples, endedTransferKey });
    const spans = (await kv.spans()).filter(({ name }) => name.startsWith("transfer."));
    return spans.map(({ name, attributes }) => `${name} ${attributes["num_steps"]}`);
  };
  assertEquals(await made("s#1"), []);
  assertEquals(await made("s#2", sample("staging", 1, 2, { transferKey: "s#3" })), []);
  // One of a step that is none does not count as theirs.
  assertEquals(await made("", sample("network", 1, 2)), []);
  const all = ["transfer.kernel_interval 1", "transfer.staging 2"];
  const steps = [sample("staging", 3, 2), sample("kernel", 1, 2), sample("staging", 5, 2)];
  assertEquals(await made("s#4", ...steps), all);
  assertEquals(await made("", sample("staging", 7, 2)), all);
});

Deno.test("what is no step, or not of that transfer, is left out", async () => {
  await using kv = tracedKvCache();
  kv.publish("mp.retrieve.start", 0, { transferKey: "s#1" });
  kv.publish("mp.retrieve.end", 9, { transferKey: "s#1" });
  const retrieve = { direction: "h2d" };
  const samples = [
    sample("staging", 1, 2, retrieve),
    sample("staging", 1, 2, { direction: "d2h" }),
    sample("staging", 1, 2, { direction: 7 }),
    sample("network", 1, 2, retrieve),
    sample("staging", 1, 0, retrieve),
    sample("staging", 1, 2, { ...retrieve, nbytes: 0 }),
    sample("staging", 1, 2, { ...retrieve, startTimeS: 0 }),
    sample("staging", 1, 2, { ...retrieve, endTimeS: 1 }),
    sample("staging", 1, 2, { ...retrieve, endTimeS: NaN }),
    sample("staging", 1, 2, { ...retrieve, transferKey: "s#2" }),
    sample("staging", 1, 2, { ...retrieve, deviceIndex: undefined as unknown as number }),
    null as unknown as ReturnType<typeof sample>,
    sample("staging", 1, 2, { ...retrieve, elapsedMs: "2" as unknown as number }),
  ];
  samples.push(sample("staging", 2, 1, retrieve)); // what is no step keeps none out
  kv.publish("mp.transfer.phase_samples", 10, { samples, endedTransferKey: "s#1" });
  const spans = (await kv.spans()).filter(({ name }) => name === "transfer.staging");
  assertEquals(spans.map(({ attributes }) => attributes["num_steps"]), [2]);
});

Deno.test("samples of transfers that never end are kept of as many as are tracked", async () => {
  await using kv = tracedKvCache({ maxTracked: 2 });
  for (const transferKey of ["s#1", "s#2", "s#3"]) {
    kv.publish("mp.store.start", 0, { transferKey });
    kv.publish("mp.store.end", 1, { transferKey });
    kv.publish("mp.transfer.phase_samples", 2, {
      samples: [sample("staging", 0, 1, { transferKey })],
      endedTransferKey: "",
    });
  }
  for (const endedTransferKey of ["s#1", "s#2", "s#3"]) {
    kv.publish("mp.transfer.phase_samples", 3, { samples: [], endedTransferKey });
  }
  const made = (await kv.spans()).filter(({ name }) => name === "transfer.staging");
  assertEquals(made.map(({ attributes }) => attributes["operationId"]), ["s#2", "s#3"]);
});

Deno.test("the steps of transfers that nobody says have ended are made at the stop, once", async () => {
  await using kv = tracedKvCache();
  for (const transferKey of ["s#1", "s#2"]) {
    kv.publish("mp.store.start", 0, { transferKey });
    kv.publish("mp.store.end", 20, { transferKey });
  }
  const samples = ["s#1", "s#2"].flatMap((transferKey) => [
    sample("staging", 5, 4, { transferKey }),
    sample("kernel", 1, 2, { transferKey }),
  ]);
  kv.publish("mp.transfer.phase_samples", 21, { samples, endedTransferKey: "s#1" });
  const made = (spans: Awaited<ReturnType<typeof kv.spans>>) =>
    spans.filter(({ name }) => name.startsWith("transfer.")).map((span) => [
      ...summary(span),
      span.attributes["operationId"],
    ]);
  const atOnce = [["transfer.kernel_interval", 1, 3, "s#1"], ["transfer.staging", 3, 7, "s#1"]];
  assertEquals(made(await kv.spans()), atOnce);
  const spans = await kv.stop();
  assertEquals(made(spans), [
    ...atOnce,
    ["transfer.kernel_interval", 1, 3, "s#2"],
    ["transfer.staging", 3, 7, "s#2"],
  ]);
});

Deno.test("a key of any length is that of its transfer", async () => {
  await using kv = tracedKvCache();
  const transferKey = `${"s".repeat(5_000)}#1`;
  kv.publish("mp.store.start", 0, { transferKey });
  kv.publish("mp.transfer.phase_samples", 1, {
    samples: [sample("staging", 1, 2, { transferKey })],
    endedTransferKey: "",
  });
  kv.publish("mp.store.end", 4, { transferKey });
  kv.publish("mp.transfer.phase_samples", 5, { samples: [], endedTransferKey: transferKey });
  kv.publish("mp.request.end", 6);
  const spans = await kv.spans();
  assertEquals(tree(spans), ["mp.store < request", "transfer.staging < mp.store", "request"]);
});
