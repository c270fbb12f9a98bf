import {
  createOtlpLogExporter,
  createOtlpMetricExporter,
  createOtlpSpanExporter,
  type OtlpProtocol,
} from "./otlp_exporters.ts";
import type { OtlpTarget } from "./otlp_transport.ts";
import type { LogRecordExporter, PushMetricExporter, SpanExporter } from "../sdk_types.ts";

/** The default endpoint, and how long an export may take by default. */
export const DEFAULT_OTLP_OPTIONS: Readonly<{
  endpoint: string;
  protocol: OtlpProtocol;
  timeoutMs: number;
}> = Object.freeze({
  endpoint: "http://localhost:4318",
  protocol: "http/protobuf",
  timeoutMs: 10_000,
});

/** Overrides for one signal. */
export interface OtlpSignalOptions {
  /** The whole URL of this signal. Default: the common endpoint with `/v1/<signal>` after it. */
  readonly url?: string;
  /** The encoding of payloads. Default: the common protocol. */
  readonly protocol?: OtlpProtocol;
  /** Headers sent with each request in addition to the common ones. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one export may take, its retries included, in milliseconds. Default: the common one. */
  readonly timeoutMs?: number;
}

/** The options of {@linkcode createOtlpExporters}. */
export interface OtlpExportersOptions {
  /** The receiver's base URL. Default: `http://localhost:4318`. */
  readonly endpoint?: string;
  /** The encoding of payloads. Default: `"http/protobuf"`. */
  readonly protocol?: OtlpProtocol;
  /** Headers sent with each request; they may hold secrets and are never logged. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one export may take, its retries included, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number;
  /** Overrides for traces. */
  readonly traces?: OtlpSignalOptions;
  /** Overrides for metrics. */
  readonly metrics?: OtlpSignalOptions;
  /** Overrides for logs. */
  readonly logs?: OtlpSignalOptions;
}

/** An exporter for each signal. */
export interface OtlpExporters {
  /** Exports ended spans. */
  readonly traces: SpanExporter;
  /** Exports metrics; sums are cumulative, unless it is wrapped in a `DeltaMetricExporter`. */
  readonly metrics: PushMetricExporter;
  /** Exports log records. */
  readonly logs: LogRecordExporter;
}

/**
 * Creates exporters to an OTLP receiver, such as an OpenTelemetry Collector. They open no connection
 * before the first export and read no environment variables; in Deno they need only `--allow-net`.
 *
 * @example
 * ```ts
 * import { createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
 *
 * const exporters = createOtlpExporters({ endpoint: "http://127.0.0.1:4318" });
 * const processor = new SpanBatchProcessor(exporters.traces, { maxQueueSize: 100_000 });
 * await processor.shutdown();
 * if (processor.counts.exported !== 0) throw new Error("nothing was there to export");
 * ```
 *
 * @throws {TypeError} if a URL is not an http or https URL, or a protocol is unknown
 * @throws {RangeError} if a timeout is not above 0
 */
export function createOtlpExporters(options: OtlpExportersOptions = {}): OtlpExporters {
  return {
    traces: createOtlpSpanExporter(...settings("traces", options)),
    metrics: createOtlpMetricExporter(...settings("metrics", options)),
    logs: createOtlpLogExporter(...settings("logs", options)),
  };
}

function settings(
  signal: "traces" | "metrics" | "logs",
  options: OtlpExportersOptions,
): [OtlpTarget, OtlpProtocol] {
  const own = options[signal] ?? {};
  const { endpoint, protocol, timeoutMs } = { ...DEFAULT_OTLP_OPTIONS, ...options };
  const target = {
    url: own.url ?? `${endpoint.replace(/\/+$/, "")}/v1/${signal}`,
    headers: { ...options.headers, ...own.headers },
    timeoutMs: own.timeoutMs ?? timeoutMs,
  };
  return [target, own.protocol ?? protocol];
}
