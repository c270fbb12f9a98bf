import { assertEquals, assertRejects } from "@std/assert";
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { PrometheusMetrics, type PushMetricExporter } from "@busbar/busbar/otel";

/** A meter that is also pushed to an exporter which succeeds, fails or hangs. */
function pushed(flush: () => Promise<void>) {
  const ended: string[] = [];
  const exporter: PushMetricExporter = {
    export: (_metrics, done) => done({ code: 0 }),
    forceFlush: flush,
    shutdown: () => {
      ended.push("shutdown");
      return Promise.resolve();
    },
  };
  const reader = new PeriodicExportingMetricReader({ exporter });
  return { metrics: new PrometheusMetrics({ readers: [reader] }), ended };
}

const hangs = () => new Promise<void>(() => {});

Deno.test("a flush and a shutdown reach the readers", async () => {
  let flushes = 0;
  const { metrics, ended } = pushed(() => {
    flushes++;
    return Promise.resolve();
  });
  await metrics.flush();
  assertEquals([flushes, ended], [1, []]);
  await metrics.shutdown();
  await metrics.shutdown();
  await metrics[Symbol.asyncDispose]();
  assertEquals([flushes, ended], [2, ["shutdown"]]);
  await assertRejects(() => metrics.scrape(), Error, "shutdown");
});

Deno.test("to dispose of it is to shut it down", async () => {
  const { metrics, ended } = pushed(() => Promise.resolve());
  await metrics[Symbol.asyncDispose]();
  assertEquals(ended, ["shutdown"]);
});

Deno.test("a reader that hangs holds neither up beyond the timeout", async () => {
  const { metrics } = pushed(hangs);
  await assertRejects(
    () => metrics.flush({ timeoutMs: 10.25 }),
    Error,
    "Cannot flush PrometheusMetrics: it took longer than 10 ms",
  );
  await assertRejects(() => metrics.shutdown({ timeoutMs: -1 }), RangeError, "timeoutMs");
  const shutdown = metrics.shutdown({ timeoutMs: 10 });
  const message = "Cannot shut PrometheusMetrics down: it took longer than 10 ms";
  await assertRejects(() => shutdown, Error, message);
  await assertRejects(() => metrics.shutdown(), Error, message);
});

Deno.test("a signal ends the wait", async () => {
  const { metrics } = pushed(hangs);
  const controller = new AbortController();
  const flushing = metrics.flush({ timeoutMs: 60_000, signal: controller.signal });
  controller.abort();
  await assertRejects(() => flushing, Error, "Cannot flush PrometheusMetrics: its signal aborted");
  await assertRejects(
    () => metrics.shutdown({ timeoutMs: 60_000, signal: controller.signal }),
    Error,
    "Cannot shut PrometheusMetrics down: its signal aborted",
  );
});

Deno.test("what a reader fails with reaches the caller", async () => {
  const { metrics } = pushed(() => Promise.reject(new Error("refused")));
  await assertRejects(() => metrics.flush(), Error, "refused");
  await assertRejects(() => metrics.shutdown(), Error, "refused");
});
