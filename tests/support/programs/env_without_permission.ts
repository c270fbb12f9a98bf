// deno-lint-ignore-file no-console -- it prints what it has read
import { readObservabilityEnv, resolveObservabilityConfig } from "@busbar/busbar/observability";

const { serviceName, metricExportIntervalMs, runtimeTelemetry } = resolveObservabilityConfig({
  env: readObservabilityEnv(),
});
console.log(JSON.stringify({ serviceName, metricExportIntervalMs, runtimeTelemetry }));
