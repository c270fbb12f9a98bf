import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async";
import { type DeadlineOptions, EventBus } from "@busbar/busbar";
import { startObservability } from "@busbar/busbar/observability";
import { declare } from "@busbar/busbar/catalog";
import { MemoryLogger } from "@busbar/busbar/testing";
import { serve } from "../support/loopback.ts";
import { watchTimers } from "../support/watched_timers.ts";
import { runSteps } from "../../src/observability/steps.ts";

const QUIET = { env: () => undefined, logger: new MemoryLogger() };

/** A bus that remembers how long its flushes may take. */
class Flushed extends EventBus {
  readonly timeoutsMs: (number | undefined)[] = [];

  override flush(options: DeadlineOptions = {}): Promise<boolean> {
    this.timeoutsMs.push(options.timeoutMs);
    return super.flush(options);
  }
}

Deno.test("the bus may use six tenths of a shutdown's time: the exporters come after it", async () => {
  const bus = new Flushed({ logger: new MemoryLogger() });
  const obs = await startObservability({ ...QUIET, bus, prometheus: { enabled: false } });
  await obs.shutdown({ timeoutMs: 1_000_000 });
  const [givenMs = NaN] = bus.timeoutsMs;
  assert(givenMs <= 600_000 && givenMs > 590_000, `${givenMs}`);
  await bus.stop();
});

Deno.test("a request that hangs is cut off before a shutdown's time is over", async () => {
  const { promise: requested, resolve } = Promise.withResolvers<void>();
  const handle = () => {
    resolve();
    return new Promise<Response>(() => {});
  };
  const obs = await startObservability({
    ...QUIET,
    prometheus: { port: 0 },
    routes: [{ path: "/hang", handle }],
  });
  const request = assertRejects(() => fetch(new URL("/hang", obs.metricsUrl)), Error);
  await requested;
  await obs.shutdown({ timeoutMs: 5_000 });
  await request;
});

Deno.test("clients have eight tenths of what is left: there must be time to cut them off", async () => {
  const obs = await startObservability({ ...QUIET, prometheus: { port: 0 } });
  using timers = watchTimers();
  await obs.shutdown({ timeoutMs: 1_000_000 });
  const clientsMs = timers.delaysMs.filter((ms) => ms > 700_000 && ms <= 800_000);
  assertEquals(clientsMs.length, 1, `${timers.delaysMs}`);
});

/**
 * Runs three steps.
 *
 * @param first what the first one does
 * @returns what each was told that it has left, in milliseconds, and the error's message
 */
async function runThree(
  timeoutMs: number,
  signal?: AbortSignal,
  first: () => Promise<unknown> = () => Promise.resolve(),
): Promise<{ remainingMs: number[]; message: string | undefined }> {
  const remainingMs: number[] = [];
  const steps = [first, () => Promise.resolve(), () => Promise.resolve()].map((work, index) => ({
    name: `do step ${index}`,
    run: (ms: number) => {
      remainingMs.push(ms);
      return work();
    },
  }));
  const message = await runSteps(steps, { timeoutMs, signal }).then(
    () => undefined,
    (error: AggregateError) => error.message,
  );
  return { remainingMs, message };
}

Deno.test("each step has what the earlier ones left", async () => {
  const { remainingMs, message } = await runThree(1_000_000);
  const [first = NaN, second = NaN, third = NaN] = remainingMs;
  assert(first <= 1_000_000 && first >= second && second >= third, `${remainingMs}`);
  assert(third > 900_000, `${third}`);
  assertEquals(message, undefined);
});

Deno.test("when the time is over, or the signal aborted, each step still has a tenth of a second", async () => {
  for (const [timeoutMs, signal] of [[0], [1_000_000, AbortSignal.abort()]] as const) {
    const { remainingMs, message } = await runThree(timeoutMs, signal);
    assertEquals(remainingMs, [100, 100, 100]);
    assertEquals(message, undefined);
  }
});

Deno.test("a step that fails, or does not end in time, is named, and keeps none of the others from running", async () => {
  const controller = new AbortController();
  const hang = () => new Promise(() => {});
  const abort = () => {
    queueMicrotask(() => controller.abort());
    return hang();
  };
  const table = [
    [() => Promise.reject(new Error("no")), "no"],
    [hang, "it did not end within 100 ms"],
    [abort, "its signal aborted"],
  ] as const;
  for (const [first, why] of table) {
    const timeoutMs = first === abort ? 1_000_000 : 0;
    const { remainingMs, message } = await runThree(timeoutMs, controller.signal, first);
    assertEquals([remainingMs.length, remainingMs[2]], [3, 100]);
    assertEquals(message, `Cannot do step 0: ${why}`);
  }
});

Deno.test("a step with a share goes on beside those that come after it, until the deadline", async () => {
  const calls: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const steps = [
    { name: "end in time", share: 0, run: () => promise },
    { name: "fail late", share: 0, run: () => promise.then(() => Promise.reject(new Error("no"))) },
    { name: "hang", share: 0, run: () => new Promise(() => {}) },
    { name: "come last", run: () => Promise.resolve(calls.push("last")).then(() => resolve()) },
  ];
  const error = await assertRejects(() => runSteps(steps, { timeoutMs: 500 }), AggregateError);
  assertEquals(calls, ["last"]);
  assertMatch(error.message, /^Cannot fail late: no; Cannot hang: it did not end within \d+ ms$/);
});

Deno.test("spans that nobody takes leave log records and metrics their time", async () => {
  const answered: string[] = [];
  await using receiver = await serve(async (request) => {
    const { pathname } = new URL(request.url);
    await request.arrayBuffer();
    // The spans' end hangs; the others' takes longer than what comes after a deadline has.
    if (pathname === "/v1/traces") await new Promise(() => {});
    await delay(300);
    answered.push(pathname);
    return new Response();
  });
  const { catalog, counter, span } = declare<{ "job.start": undefined; "job.end": undefined }>();
  const obs = await startObservability({
    ...QUIET,
    catalog: catalog({
      metrics: { "jobs": counter("job.end") },
      spans: { job: span("job.start", "job.end") },
      logs: { "job.end": { level: "info" } },
    }),
    tracingEnabled: true,
    otlp: { endpoint: receiver.origin },
  });
  obs.bus.publish("job.start");
  obs.bus.publish("job.end");
  const error = await assertRejects(() => obs.shutdown({ timeoutMs: 4_000 }), AggregateError);
  assertMatch(error.message, /^Cannot shut spans down: it did not end within \d+ ms$/);
  assertEquals(answered.sort(), ["/v1/logs", "/v1/metrics"]);
});
