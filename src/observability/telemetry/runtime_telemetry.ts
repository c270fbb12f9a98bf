import { metrics, trace } from "@opentelemetry/api";
import type { Logger as LineLogger } from "../../internal/logger.ts";
import type { ObservabilityConfig } from "../config/config.ts";
import { SCOPE_NAME, type Telemetry } from "./telemetry.ts";

let said = false;

/**
 * The runtime's own OpenTelemetry (`OTEL_DENO=true`): its providers own the API's globals, and it
 * exports what they are told, and what is written to the console, by itself.
 */
export function createRuntimeTelemetry(
  config: ObservabilityConfig,
  logger: LineLogger,
): Telemetry {
  if (!said) {
    said = true;
    logger.warn(
      "startObservability: OTEL_DENO=true, so the runtime's own OpenTelemetry exports; " +
        "no other providers are registered",
    );
  }
  if (config.prometheus.enabled) {
    const { host, port } = config.prometheus;
    logger.warn(
      "startObservability: metrics cannot be pulled under OTEL_DENO=true, so nothing listens on " +
        `${host}:${port}`,
    );
  }
  return {
    meter: metrics.getMeter(SCOPE_NAME),
    recordsThroughMeter: true,
    tracer: config.tracingEnabled ? trace.getTracer(SCOPE_NAME) : undefined,
    deferAttributes: true,
    // It takes log records from the console: that is where they go without a logger.
    logger: undefined,
    scrape: undefined,
    exportCounts: () => ({}),
    registerGlobally: () => ({ [Symbol.dispose]: () => {} }),
    flushSteps: [],
    shutdownSteps: [],
    abort: () => {},
  };
}
