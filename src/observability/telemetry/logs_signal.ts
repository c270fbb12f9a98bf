import { logs } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import { LogBatchProcessor } from "../../otel/otlp/batch_processors.ts";
import { createOtlpLogExporter } from "../../otel/otlp/otlp_exporters.ts";
import type { OtelLogger } from "../../subscribers/otel_api.ts";
import { toSdkLimits } from "./attribute_limits.ts";
import { capTimeout, type Signal } from "./signal.ts";
import type { TelemetryOptions } from "./telemetry.ts";

/** Log records, pushed over OTLP. */
export interface LogsSignal extends Signal {
  readonly logger: OtelLogger;
}

/** Sets the log records up; `undefined` if they are not pushed. */
export function createLogsSignal(
  { config, logger }: TelemetryOptions,
  resource: Resource,
): LogsSignal | undefined {
  const target = config.loggingEnabled ? config.otlp.logs : undefined;
  if (target === undefined) return undefined;
  const { logBatch } = config;
  const exporter = createOtlpLogExporter(
    capTimeout(target, logBatch.exportTimeoutMs),
    { logger },
  );
  const processor = new LogBatchProcessor(exporter, {
    ...logBatch,
    logger,
  });
  const provider = new LoggerProvider({
    resource,
    processors: [processor],
    logRecordLimits: toSdkLimits(config.logRecordLimits),
  });
  return {
    logger: provider.getLogger(DEFAULT_SCOPE_NAME),
    exportStats: () => processor.stats(),
    globalProvider: {
      name: "logger",
      key: "logs",
      set: () => logs.setGlobalLoggerProvider(provider),
      unset: () => logs.disable(),
    },
    flush: (remainingMs) => processor.forceFlush({ timeoutMillis: remainingMs }),
    shutdown: () => provider.shutdown(),
    abort: () => void exporter.shutdown(),
  };
}
