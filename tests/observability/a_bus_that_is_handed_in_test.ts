import { assertEquals, assertRejects } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { ConfigurationError, startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface JobEvents {
  "job.start": { operationId: number };
  "job.end": { operationId: number };
}
const { catalog, span } = declare<JobEvents>();
const jobs = catalog({ spans: { job: span("job.start", "job.end") } });
const NO_ENV = { env: () => undefined, catalog: jobs };

Deno.test("as many spans may wait for a push as a drain of the bus can end", async () => {
  const answer = Promise.withResolvers<Response>();
  await using receiver = await OtlpReceiver.start(() => answer.promise.then((one) => one.clone()));
  const logger = new MemoryLogger();
  await using bus = new EventBus<JobEvents>({ maxQueueSize: 30_000, logger });
  const obs = await startObservability<JobEvents>({
    ...NO_ENV,
    bus,
    logger,
    tracingEnabled: true,
    metricsEnabled: false,
    otlp: { endpoint: receiver.endpoint },
  });
  assertEquals(obs.config.bus.maxQueueSize, 30_000);
  for (let operationId = 0; operationId < 12_000; operationId++) {
    bus.publish("job.start", { operationId });
    bus.publish("job.end", { operationId });
  }
  await bus.flush();
  answer.resolve(new Response());
  assertEquals(await obs.flush({ timeoutMs: 20_000 }), true);
  const arrived = receiver.received
    .map(({ body }) => body.resourceSpans[0].scopeSpans[0].spans.length)
    .reduce((a, b) => a + b, 0);
  assertEquals(arrived, 12_000);
  await obs.shutdown();
});

Deno.test("a flag cannot change a bus that is there already, and says so", async () => {
  const bus = new EventBus<JobEvents>({ maxQueueSize: 7 });
  const start = () => startObservability({ ...NO_ENV, bus, args: ["--event-bus-queue-size", "5"] });
  const { message } = await assertRejects(start, ConfigurationError);
  assertEquals(
    message,
    "--event-bus-queue-size: must be absent where the program hands a bus in, whose size is 7",
  );
});

Deno.test("a variable that disables observability is named, and the program's bus goes on", async () => {
  const logger = new MemoryLogger();
  await using bus = new EventBus<JobEvents>({ logger });
  const { promise: delivered, resolve } = Promise.withResolvers<number>();
  bus.subscribe("job.start", ({ metadata }) => resolve(metadata.operationId));
  const env = (name: string) => name === "OTEL_SDK_DISABLED" ? "true" : undefined;
  const obs = await startObservability<JobEvents>({ catalog: jobs, env, bus, logger });
  bus.publish("job.start", { operationId: 7 });
  assertEquals(await delivered, 7);
  assertEquals(logger.lines, [
    "busbar: observability is disabled by OTEL_SDK_DISABLED: nothing is measured, traced or logged",
  ]);
  await obs.shutdown();
});

Deno.test("a disabled bus disables all of it", async () => {
  const bus = new EventBus<JobEvents>({ enabled: false });
  const obs = await startObservability<JobEvents>({ ...NO_ENV, bus });
  assertEquals([obs.config.enabled, obs.metricsUrl], [false, undefined]);
});

Deno.test("under OTEL_DENO=true it is reported that nobody can pull, where a port is named", async () => {
  const logger = new MemoryLogger();
  const obs = await startObservability<JobEvents>({
    catalog: jobs,
    logger,
    env: (name) => name === "OTEL_DENO" ? "true" : undefined,
    prometheus: { port: 9_999 },
  });
  assertEquals(obs.metricsUrl, undefined);
  assertEquals(
    logger.lines.at(-1),
    "busbar: metrics cannot be pulled under OTEL_DENO=true, so nothing listens on " +
      "127.0.0.1:9999",
  );
  await obs.shutdown();
});
