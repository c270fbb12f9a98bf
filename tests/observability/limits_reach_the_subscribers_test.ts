import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { checkLimits, type JobEvents, jobs } from "../support/catalog_limits.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

Deno.test("what is recorded, started and logged keeps to the limits of the options", async () => {
  await using receiver = await OtlpReceiver.start();
  await checkLimits((bus, limits, sink) =>
    startObservability<JobEvents>({
      ...limits,
      env: () => undefined,
      bus,
      catalog: jobs,
      logSink: sink,
      tracingEnabled: true,
      otlp: { endpoint: receiver.endpoint },
      logger: new MemoryLogger(),
    })
  );
});
