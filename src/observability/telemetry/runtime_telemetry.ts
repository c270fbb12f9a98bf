import { metrics, trace } from "@opentelemetry/api";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import type { Logger as LineLogger } from "../../internal/logger.ts";
import { report } from "../../internal/reporting.ts";
import type { ObservabilityConfig } from "../config/config.ts";
import type { Telemetry } from "./telemetry.ts";

/** Whether it was reported: it holds for the process. */
let reported = false;

/**
 * The runtime's own OpenTelemetry (`OTEL_DENO=true`): its providers own the API's globals, and it
 * exports what goes through them, and what is written to the console, by itself.
 */
export function createRuntimeTelemetry(
  config: ObservabilityConfig,
  logger: LineLogger,
): Telemetry {
  if (!reported) {
    reported = true;
    report(
      logger,
      "OTEL_DENO=true, so the runtime's own OpenTelemetry exports; " +
        "no other providers are registered",
    );
  }
  if (config.prometheus.enabled) {
    const { hostname, port } = config.prometheus;
    report(
      logger,
      "metrics cannot be pulled under OTEL_DENO=true, so nothing listens on " +
        `${hostname}:${port}`,
    );
  }
  return {
    meter: metrics.getMeter(DEFAULT_SCOPE_NAME),
    recordsThroughMeter: true,
    tracer: config.tracingEnabled ? trace.getTracer(DEFAULT_SCOPE_NAME) : undefined,
    deferAttributes: true,
    // It takes log records from the console: that is where they go without a logger.
    logger: undefined,
    scrape: undefined,
    exportStats: () => ({}),
    registerGlobally: () => ({ [Symbol.dispose]: () => {} }),
    flushSteps: [],
    shutdownSteps: [],
    abort: () => {},
  };
}
