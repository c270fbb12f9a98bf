import { assertEquals, assertRejects } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability, type StartOptions } from "@busbar/busbar/observability";
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
  const sdk = {
    "telemetry.sdk.language": found["/v1/logs"]?.["telemetry.sdk.language"] ?? "",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": found["/v1/logs"]?.["telemetry.sdk.version"] ?? "",
  };
  // opentelemetry.io/docs/specs/otel/resource/sdk, "SDK-provided resource attributes"
  assertEquals(Object.values(sdk).includes(""), false);
  const expected = {
    ...sdk,
    "deployment.environment.name": "test",
    "service.name": "shop",
    "service.instance.id": "shop-7",
  };
  assertEquals(found, { "/v1/traces": expected, "/v1/logs": expected, "/v1/metrics": expected });
  assertEquals(
    info,
    `target_info{telemetry_sdk_language="${sdk["telemetry.sdk.language"]}",` +
      `telemetry_sdk_name="opentelemetry",telemetry_sdk_version="${
        sdk["telemetry.sdk.version"]
      }",` +
      'deployment_environment_name="test",service_name="shop",service_instance_id="shop-7"} 1',
  );
});

Deno.test("host, system and process are named where that is asked for", async () => {
  const named = async (options: Pick<StartOptions, "resourceAttributes" | "resourceDetectors">) => {
    await using obs = await startObservability({
      env: () => undefined,
      logger: new MemoryLogger(),
      server: false,
      ...options,
    });
    const scrape = await obs.scrape();
    const [info = ""] = scrape.split("\n").filter((line) => /^target_info/.test(line));
    const labels = [...info.matchAll(/((?:host|os|process)_\w+)="([^"]*)"/g)];
    return Object.fromEntries(labels.map(([, name, value]) => [name, value]));
  };
  assertEquals(await named({}), {});
  const all = await named({ resourceDetectors: ["host", "os", "process"] });
  const names = Object.keys(all).filter((name) => name !== "host_name" && name !== "os_version");
  assertEquals(names.toSorted(), [
    "host_arch",
    "os_type",
    "process_pid",
    "process_runtime_name",
    "process_runtime_version",
  ]);
  const own = { resourceDetectors: ["os"], resourceAttributes: { "os.type": "mine" } } as const;
  assertEquals((await named(own))["os_type"], "mine");
  await assertRejects(
    () => named({ resourceDetectors: ["cloud" as "os"] }),
    TypeError,
    'resourceDetectors must be a list of "host", "os", "process"',
  );
});
