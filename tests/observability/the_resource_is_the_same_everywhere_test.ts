import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { OtlpReceiver } from "../support/otlp_receiver.ts";

interface JobEvents {
  "job.start": undefined;
  "job.end": undefined;
}

const { catalog, counter, span } = declare<JobEvents>();
const jobs = catalog({
  metrics: { jobs: counter("job.end") },
  spans: { job: span("job.start", "job.end") },
  logs: { "job.end": { level: "info" } },
});

Deno.test("spans, log records and metrics come from the resource that was named", async () => {
  await using receiver = await OtlpReceiver.start();
  const obs = await startObservability<JobEvents>({
    env: () => undefined,
    logger: new MemoryLogger(),
    catalog: jobs,
    serviceName: "shop",
    serviceInstanceId: "shop-7",
    resourceAttributes: { "deployment.environment.name": "test" },
    tracingEnabled: true,
    otlp: { endpoint: receiver.endpoint },
  });
  obs.bus.publish("job.start");
  obs.bus.publish("job.end");
  await obs.flush();
  const [info = ""] = (await obs.scrape()).split("\n").filter((line) => /^target_info/.test(line));
  await obs.shutdown();
  const found = Object.fromEntries(
    receiver.received.map(({ path, body }) => {
      // deno-lint-ignore no-explicit-any -- read as a receiver would
      const [{ resource }] = Object.values<any>(body)[0];
      const attributes = resource.attributes as { key: string; value: { string: string } }[];
      return [path, Object.fromEntries(attributes.map(({ key, value }) => [key, value.string]))];
    }),
  );
  const expected = {
    "deployment.environment.name": "test",
    "service.name": "shop",
    "service.instance.id": "shop-7",
  };
  assertEquals(found, { "/v1/traces": expected, "/v1/logs": expected, "/v1/metrics": expected });
  assertEquals(
    info,
    'target_info{deployment_environment_name="test",service_name="shop",' +
      'service_instance_id="shop-7"} 1',
  );
});
