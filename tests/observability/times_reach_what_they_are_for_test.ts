import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";
import { watchTimers } from "../support/watched_timers.ts";

interface JobEvents {
  "job.start": undefined;
  "job.end": undefined;
}

const { catalog, span } = declare<JobEvents>();
const jobs = catalog({
  spans: { job: span("job.start", "job.end") },
  logs: { "job.end": { level: "info" } },
});

/** The delays of the intervals that are set until the end of its scope, in milliseconds. */
function watchIntervals(): Disposable & { readonly delaysMs: readonly number[] } {
  const { setInterval } = globalThis;
  const delaysMs: number[] = [];
  globalThis.setInterval = ((callback: () => void, ms = 0) => {
    delaysMs.push(ms);
    return setInterval(callback, ms);
  }) as typeof setInterval;
  return {
    delaysMs,
    [Symbol.dispose]: () => {
      globalThis.setInterval = setInterval;
    },
  };
}

Deno.test("each of the configured times is the one that is waited for", async () => {
  await using receiver = await OtlpReceiver.start();
  using intervals = watchIntervals();
  using timers = watchTimers();
  const obs = await startObservability<JobEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: jobs,
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint },
    collectTimeoutMs: 100_001,
    metricExportIntervalMs: 100_002,
    metricExportTimeoutMs: 100_001 - 1,
    spanBatch: { scheduleDelayMs: 100_003, exportTimeoutMs: 100_004 },
    logBatch: { scheduleDelayMs: 100_005, exportTimeoutMs: 100_006 },
  });
  assertEquals(intervals.delaysMs, [100_002]);
  obs.bus.publish("job.start");
  obs.bus.publish("job.end");
  await obs.scrape();
  await obs.flush();
  for (const ms of [100_000, 100_001, 100_003, 100_004, 100_005, 100_006]) {
    assert(timers.delaysMs.includes(ms), `${ms} is not among ${timers.delaysMs}`);
  }
  await obs.shutdown();
});

Deno.test("a request ends with its batch's time, where that is the shorter", async () => {
  await using receiver = await OtlpReceiver.start();
  using timers = watchTimers();
  const obs = await startObservability<JobEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    // Else the end may come a slice later, and a timer is set to await it.
    bus: { drainBudgetMs: ONE_SLICE_MS },
    catalog: jobs,
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint, timeoutMs: 200_000 },
    metricExportTimeoutMs: 30_000,
    spanBatch: { exportTimeoutMs: 100_004 },
    logBatch: { exportTimeoutMs: 100_006 },
  });
  obs.bus.publish("job.start");
  obs.bus.publish("job.end");
  await obs.flush();
  await obs.shutdown();
  assertEquals(timers.delaysMs.filter((ms) => ms > 110_000), []);
});
