import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { type Observability, startObservability } from "@busbar/busbar/observability";
import { type ParsedFamily, parseOpenMetrics, parsePrometheus } from "../../support/exposition.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";
import { installed, run } from "../../support/processes.ts";
import { METRICS_HERE, RUNTIME, RUNTIME_METRICS } from "../../support/runtime_metrics.ts";
import { collectGarbage } from "../../support/garbage.ts";

const QUIET = { env: () => undefined, prometheus: { enabled: false } };
/** Longer than the time between two measurements of the delay, twice. */
const BLOCKED_MS = 300;

/** Scrapes again and again, as the event loop turns, until the scrape shows something. */
async function scrapeUntil(
  obs: Observability,
  shows: (families: Map<string, ParsedFamily>) => boolean,
): Promise<Map<string, ParsedFamily>> {
  while (true) {
    const families = parsePrometheus(await obs.scrape());
    if (shows(families)) return families;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Until the loop's delay has been measured, and Node has told of a collection of garbage. */
async function everythingShown(obs: Observability): Promise<Map<string, ParsedFamily>> {
  collectGarbage();
  return await scrapeUntil(obs, (families) =>
    families.has("nodejs_eventloop_delay_max_seconds") &&
    (RUNTIME !== "Node" || families.has("v8js_gc_duration_seconds")));
}

const only = (family: ParsedFamily | undefined) => [...family?.samples.values() ?? []][0] ?? NaN;
const sum = (family: ParsedFamily | undefined) =>
  [...family?.samples.values() ?? []].reduce((all, one) => all + one, 0);

Deno.test("by default a scrape has what this runtime tells, under the conventions' names", async () => {
  await using obs = await startObservability(QUIET);
  const families = await everythingShown(obs);
  const ofRuntime = RUNTIME_METRICS.map(({ family, type }) =>
    type === "counter" ? `${family}_total` : family
  );
  const here = METRICS_HERE.map(({ family, type }) =>
    type === "counter" ? `${family}_total` : family
  );
  assertEquals(
    [...families.keys()].filter((name) => ofRuntime.includes(name)).sort(),
    here.toSorted(),
  );
  const openMetrics = parseOpenMetrics(await obs.scrape("openmetrics"));
  for (const { family, type, unit } of METRICS_HERE) {
    const shown = openMetrics.get(family);
    assertEquals(
      [family, shown?.type, shown?.unit],
      [family, type, { s: "seconds", By: "bytes" }[unit]],
    );
  }
});

Deno.test("the values are those of this process", async () => {
  await using obs = await startObservability(QUIET);
  const before = await everythingShown(obs);
  const after = await everythingShown(obs);
  const at = (families: Map<string, ParsedFamily>, name: string) => sum(families.get(name));
  assert(only(after.get("process_uptime_seconds")) > only(before.get("process_uptime_seconds")));
  assert(
    at(after, "process_cpu_time_seconds_total") > at(before, "process_cpu_time_seconds_total"),
  );
  const resident = at(after, "process_memory_usage_bytes");
  assert(resident > 10e6 && resident < 1e12, `${resident} bytes`);
  const used = RUNTIME === "Bun" ? "jsc_memory_heap_used_bytes" : "v8js_memory_heap_used_bytes";
  // What other tests have left behind may be collected at any time.
  const ratio = at(after, used) / process.memoryUsage().heapUsed;
  assert(ratio > 0.5 && ratio < 2, `${at(after, used)} bytes, ${ratio} of what there are`);
  if (RUNTIME !== "Bun") {
    assert(at(after, used) < at(after, "v8js_memory_heap_space_size_bytes") * 1.01);
    assert(at(after, used) < at(after, "v8js_memory_heap_size_limit_bytes"));
  }
  const cpu = at(after, "process_cpu_utilization");
  // What some runtimes count CPU time in is coarse.
  assert(cpu > 0 && cpu < 1.5, `${cpu} of all CPUs`);
});

Deno.test("a loop that was blocked was late", async () => {
  await using obs = await startObservability(QUIET);
  const max = "nodejs_eventloop_delay_max_seconds";
  await scrapeUntil(obs, (families) => families.has(max));
  const until = performance.now() + BLOCKED_MS;
  while (performance.now() < until);
  const least = (BLOCKED_MS - 100) / 1_000 - 0.002;
  const families = await scrapeUntil(obs, (shown) => only(shown.get(max)) >= least);
  const delay = (name: string) => only(families.get(`nodejs_eventloop_delay_${name}_seconds`));
  for (const [less, more] of [["min", "mean"], ["p50", "p90"], ["p90", "p99"], ["p99", "max"]]) {
    // What Node's percentiles are rounded by.
    assert(delay(less!) <= delay(more!) * 1.002, `${less} of ${delay(less!)} s`);
  }
});

Deno.test("one option leaves them out", async () => {
  await using obs = await startObservability({ ...QUIET, runtimeMetrics: false });
  assertEquals(obs.config.runtimeMetrics, false);
  const names = [...parsePrometheus(await obs.scrape()).keys()];
  assertEquals(names.filter((name) => !/^(busbar|target)_/.test(name)), []);
});

Deno.test("a push has them too", async () => {
  await using receiver = await OtlpReceiver.start();
  const obs = await startObservability({
    ...QUIET,
    otlp: { endpoint: receiver.endpoint, protocol: "http/json" },
  });
  await scrapeUntil(obs, (families) => families.has("nodejs_eventloop_delay_max_seconds"));
  await obs.shutdown();
  const pushed = receiver.received
    .filter(({ path }) => path === "/v1/metrics")
    .flatMap(({ body }) => body.resourceMetrics[0].scopeMetrics)
    .flatMap(({ metrics }) => metrics.map(({ name }: { name: string }) => name));
  const missing = METRICS_HERE.map(({ name }) => name)
    .filter((name) => !pushed.includes(name) && name !== "v8js.gc.duration");
  assertEquals(missing, []);
});

Deno.test({
  name: "promtool finds nothing to complain about",
  ignore: !installed("promtool"),
  fn: async () => {
    await using obs = await startObservability(QUIET);
    await everythingShown(obs);
    const input = await obs.scrape();
    const { stdout, stderr, code } = await run("promtool", ["check", "metrics"], { input });
    assertEquals([stdout, stderr, code], ["", "", 0]);
  },
});
