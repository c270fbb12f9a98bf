import { assertEquals } from "@std/assert";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { checkLimits, type JobEvents, jobs } from "../support/catalog_limits.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

Deno.test("what is recorded, started and logged keeps to the limits of the options", async () => {
  await using receiver = await OtlpReceiver.start();
  await checkLimits((bus, limits, sink, logger) =>
    startObservability<JobEvents>({
      ...limits,
      env: () => undefined,
      bus,
      catalog: jobs,
      logSink: sink,
      tracingEnabled: true,
      otlp: { endpoint: receiver.endpoint },
      logger,
    })
  );
});

Deno.test("what became of exports is shown under the prefix of the bus's metrics", async () => {
  await using receiver = await OtlpReceiver.start();
  await using obs = await startObservability({
    env: () => undefined,
    selfMetricsPrefix: "own",
    otlp: { endpoint: receiver.endpoint },
    logger: new MemoryLogger(),
  });
  const scrape = await obs.scrape();
  assertEquals(/^own_export_queued_items\{signal="logs"\} 0$/m.test(scrape), true, scrape);
  assertEquals(scrape.includes("busbar_"), false);
});
