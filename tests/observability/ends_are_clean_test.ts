import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { serve } from "../support/loopback.ts";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface JobEvents {
  "job.start": { id: number };
  "job.end": { id: number };
}

const { catalog, counter, span } = declare<JobEvents>();
const jobs = catalog({
  metrics: { "jobs": counter("job.end") },
  spans: { job: span("job.start", "job.end") },
});

const start = (options: StartOptions<JobEvents>) =>
  startObservability<JobEvents>({
    env: () => undefined,
    catalog: jobs,
    logger: new MemoryLogger(),
    // No call counts as slow on a busy machine.
    ...(options.bus === undefined ? { bus: { drainBudgetMs: ONE_SLICE_MS } } : {}),
    ...options,
  });

/** An endpoint that takes requests and never answers. */
async function startHanging() {
  const requests: Request[] = [];
  const server = await serve((request) => {
    requests.push(request);
    return new Promise<Response>(() => {});
  });
  return {
    requests,
    endpoint: server.origin,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A logger whose first line can be awaited. */
/** A logger whose first failure can be awaited. */
function awaitedLogger() {
  const { promise: firstLine, resolve } = Promise.withResolvers<string>();
  const warn = (line: string) => {
    if (line.includes("Cannot")) resolve(line);
  };
  return { firstLine, logger: { warn } };
}

Deno.test("a bus is observed once, also by two calls at the same time", async () => {
  const bus = new EventBus<JobEvents>({ logger: new MemoryLogger() });
  const starts = await Promise.allSettled([
    start({ bus, prometheus: { port: 0 } }),
    start({ bus, prometheus: { port: 0 } }),
  ]);
  assertEquals(starts.map(({ status }) => status), ["fulfilled", "rejected"]);
  for (const result of starts) if (result.status === "fulfilled") await result.value.shutdown();
  await bus.stop();
});

Deno.test("spans that are open on a bus of one's own are ended before the last push", async () => {
  await using receiver = await OtlpReceiver.start();
  const bus = new EventBus<JobEvents>({ logger: new MemoryLogger() });
  const obs = await start({ bus, tracingEnabled: true, otlp: { endpoint: receiver.endpoint } });
  bus.publish("job.start", { id: 1 }, { sessionId: "s" });
  await obs.shutdown();
  const traces = receiver.received.filter(({ path }) => path === "/v1/traces");
  const [span] = traces[0]?.body.resourceSpans[0].scopeSpans[0].spans ?? [];
  assertEquals(span?.attributes.map(({ key }: { key: string }) => key), [
    "id",
    "busbar.expired",
  ]);
  assertEquals(bus.publish("job.end", { id: 1 }), true);
  await bus.stop();
});

Deno.test("a subscriber that hangs on a bus of one's own is reported, and leaves the exporters time", async () => {
  await using receiver = await OtlpReceiver.start();
  class Hanging extends EventSubscriber<JobEvents> {
    getSubscriptions(): Subscriptions<JobEvents> {
      return {};
    }
    override shutdown(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const bus = new EventBus<JobEvents>({ logger: new MemoryLogger() });
  const obs = await start({
    bus,
    subscribers: [new Hanging()],
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint },
  });
  bus.publish("job.start", { id: 1 });
  bus.publish("job.end", { id: 1 });
  const { message } = await assertRejects(() => obs.shutdown({ timeoutMs: 400 }), AggregateError);
  assertEquals(message, "Cannot shut the subscribers down: their time ran out");
  assertEquals(receiver.received.some(({ path }) => path === "/v1/traces"), true);
  await bus.stop();
});

Deno.test("a flush says so when the receiver does not take what was published", async () => {
  await using receiver = await OtlpReceiver.start(() => new Response(null, { status: 400 }));
  const obs = await start({ tracingEnabled: true, otlp: { endpoint: receiver.endpoint } });
  obs.bus.publish("job.start", { id: 1 });
  obs.bus.publish("job.end", { id: 1 });
  assertEquals(await obs.flush(), false);
  receiver.respond = () => new Response();
  assertEquals(await obs.flush(), true);
  await obs.shutdown();
});

Deno.test("an address in use is reported without a push to an endpoint that hangs", async () => {
  await using hanging = await startHanging();
  const options = { otlp: { endpoint: hanging.endpoint } };
  const port = Number(new URL(hanging.endpoint).port);
  const error = await assertRejects(() => start({ ...options, prometheus: { port } }), Error);
  assertEquals(error.name, "AddressInUseError");
  assertEquals(hanging.requests.length, 0);
});

Deno.test("a push that is under way when a shutdown's time is over is cut off", async () => {
  await using hanging = await startHanging();
  const { firstLine, logger } = awaitedLogger();
  const obs = await start({
    logger,
    tracingEnabled: true,
    metricsEnabled: false,
    otlp: { endpoint: hanging.endpoint },
  });
  obs.bus.publish("job.start", { id: 1 });
  obs.bus.publish("job.end", { id: 1 });
  const error = await assertRejects(() => obs.shutdown({ timeoutMs: 200 }), AggregateError);
  assert(error.message.includes("Cannot shut spans down: it did not end"), error.message);
  assertEquals(
    await firstLine,
    `busbar: Cannot export 1 spans to ${hanging.endpoint}/v1/traces, 1 in all: the exporter was ` +
      "shut down",
  );
});

Deno.test("a push ends with its batch's time", async () => {
  await using hanging = await startHanging();
  const { firstLine, logger } = awaitedLogger();
  const obs = await start({
    logger,
    tracingEnabled: true,
    metricsEnabled: false,
    otlp: { endpoint: hanging.endpoint },
    spanBatch: { exportTimeoutMs: 50 },
  });
  obs.bus.publish("job.start", { id: 1 });
  obs.bus.publish("job.end", { id: 1 });
  assertEquals(await obs.flush(), false);
  assertEquals(
    await firstLine,
    `busbar: Cannot export 1 spans to ${hanging.endpoint}/v1/traces, 1 in all: no response within ` +
      "50 ms",
  );
  await obs.shutdown();
});

Deno.test("a push of metrics ends with its own time, and is reported", async () => {
  await using hanging = await startHanging();
  const logger = new MemoryLogger();
  const obs = await start({
    logger,
    otlp: { endpoint: hanging.endpoint },
    metricExportTimeoutMs: 50,
  });
  await obs.flush();
  await obs.shutdown();
  assertEquals(logger.lines.some((line) => line.includes("no response within 50 ms")), true);
});
