import { assertEquals } from "@std/assert";
import { runScript } from "../../support/processes.ts";

const SCRIPT = new URL("../../support/programs/env_without_permission.ts", import.meta.url);

/** Runs the script in a process of its own, as a user would. */
async function run(permissions: string[], env: Record<string, string>): Promise<unknown> {
  const { code, stdout, stderr } = await runScript(SCRIPT, [], { permissions, env });
  assertEquals(code, 0, stderr);
  assertEquals(stderr.includes("permission"), false, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

const ENV = { OTEL_SERVICE_NAME: "shop", OTEL_METRIC_EXPORT_INTERVAL: "5000" };
const DEFAULTS = {
  serviceName: "unknown_service",
  metricExportIntervalMs: 60_000,
  runtimeTelemetry: false,
};

Deno.test("a process's own environment is read", async () => {
  assertEquals(await run(["--allow-env"], ENV), {
    ...DEFAULTS,
    serviceName: "shop",
    metricExportIntervalMs: 5_000,
  });
});

Deno.test("without --allow-env nothing is read, asked for or thrown", async () => {
  assertEquals(await run([], ENV), DEFAULTS);
});

Deno.test("with the permission for some variables, these are read", async () => {
  assertEquals(await run(["--allow-env=OTEL_SERVICE_NAME"], ENV), {
    ...DEFAULTS,
    serviceName: "shop",
  });
});

Deno.test("the runtime's own telemetry is noticed, with the permission or without", async () => {
  // No exporter listens on this port: nothing is sent but to this machine.
  const env = { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  for (const permissions of [[], ["--allow-env"]]) {
    assertEquals(await run(permissions, env), { ...DEFAULTS, runtimeTelemetry: true });
  }
});
