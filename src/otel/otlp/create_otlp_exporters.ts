import { assertPositiveInteger } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { withDefaults } from "../../internal/with_defaults.ts";
import {
  createOtlpLogExporter,
  createOtlpMetricExporter,
  createOtlpSpanExporter,
} from "./otlp_exporters.ts";
import {
  DEFAULT_OTLP_SETTINGS,
  type OtlpCompression,
  type OtlpProtocol,
  type OtlpTarget,
} from "./otlp_target.ts";
import type { LogRecordExporter, PushMetricExporter, SpanExporter } from "../sdk_types.ts";

const ACTION = "create OTLP exporters";
const SIGNALS = ["traces", "metrics", "logs"] as const;
const TARGET_OPTIONS = ["endpoint", ...Object.keys(DEFAULT_OTLP_SETTINGS)];

/** The receiver of {@linkcode createOtlpExporters}, unless another is given. */
export const DEFAULT_OTLP_ENDPOINT = "http://localhost:4318";

/** Where and how one signal is sent, as far as it differs from the others. */
export interface OtlpTargetOptions {
  /**
   * The complete URL; nothing is appended. Default: the common endpoint with `/v1/<signal>` after
   * it.
   */
  readonly endpoint?: string | undefined;
  /** The encoding of payloads. Default: the common one. */
  readonly protocol?: OtlpProtocol | undefined;
  /** The compression of payloads. Default: the common one. */
  readonly compression?: OtlpCompression | undefined;
  /** Headers of each request, in addition to the common ones. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * How long one export may take, its retries included, in milliseconds. Default: the common time.
   */
  readonly timeoutMs?: number | undefined;
}

/** The options of {@linkcode createOtlpExporters}. */
export interface OtlpExportersOptions {
  /** The receiver's base URL. Default: `http://localhost:4318`. */
  readonly endpoint?: string | undefined;
  /** The encoding of payloads. Default: `"http/protobuf"`. */
  readonly protocol?: OtlpProtocol | undefined;
  /** The compression of payloads. Default: `"none"`. */
  readonly compression?: OtlpCompression | undefined;
  /** Headers of each request; they may hold secrets and are never logged. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long one export may take, its retries included, in milliseconds. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Overrides for traces. */
  readonly traces?: OtlpTargetOptions | undefined;
  /** Overrides for metrics. */
  readonly metrics?:
    | OtlpTargetOptions & {
      /**
       * The maximum number of data points in one request; more of them go out in several. Default: no
       * limit.
       */
      readonly maxExportBatchSize?: number | undefined;
    }
    | undefined;
  /** Overrides for logs. */
  readonly logs?: OtlpTargetOptions | undefined;
  /**
   * Where it is logged what a receiver says of data that it has accepted, and what could not be sent
   * as it was. Default: `console`.
   */
  readonly logger?: Logger | undefined;
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
 * Creates exporters to an OTLP receiver, such as an OpenTelemetry Collector. They open no
 * connection before the first export and read no environment variables; in Deno they need only
 * `--allow-net`. What a receiver finds too large (413) is sent again in halves.
 *
 * @example
 * ```ts
 * import { createOtlpExporters, SpanBatchProcessor } from "@busbar/busbar/otel";
 *
 * const exporters = createOtlpExporters({ endpoint: "http://127.0.0.1:4318", compression: "gzip" });
 * const processor = new SpanBatchProcessor(exporters.traces, { maxQueueSize: 100_000 });
 * await processor.shutdown();
 * if (processor.stats().exported !== 0) throw new Error("nothing was there to export");
 * ```
 *
 * @throws {TypeError} if an option is unknown, an endpoint is not an http or https URL, a header
 * cannot be sent, or a protocol or a compression is unknown
 * @throws {RangeError} if a timeout is not above 0, or `maxExportBatchSize` is no positive integer
 */
export function createOtlpExporters(options: OtlpExportersOptions = {}): OtlpExporters {
  assertKnownNames(ACTION, "option", options, [...TARGET_OPTIONS, ...SIGNALS, "logger"]);
  const { logger, metrics: { maxExportBatchSize } = {} } = options;
  if (maxExportBatchSize !== undefined) {
    assertPositiveInteger(ACTION, "metrics.maxExportBatchSize", maxExportBatchSize);
  }
  return {
    traces: createOtlpSpanExporter(targetOf("traces", options), { logger }),
    metrics: createOtlpMetricExporter(targetOf("metrics", options), { logger, maxExportBatchSize }),
    logs: createOtlpLogExporter(targetOf("logs", options), { logger }),
  };
}

function targetOf(signal: (typeof SIGNALS)[number], options: OtlpExportersOptions): OtlpTarget {
  const { endpoint = DEFAULT_OTLP_ENDPOINT } = options;
  const own = options[signal] ?? {};
  const known = signal === "metrics" ? [...TARGET_OPTIONS, "maxExportBatchSize"] : TARGET_OPTIONS;
  assertKnownNames(ACTION, `option of ${signal}`, own, known);
  const { traces: _traces, metrics: _metrics, logs: _logs, logger: _logger, ...common } = options;
  const shared = withDefaults<OtlpTarget>({
    ...DEFAULT_OTLP_SETTINGS,
    endpoint: `${endpoint.replace(/\/+$/, "")}/v1/${signal}`,
  }, { ...common, endpoint: undefined });
  return {
    ...withDefaults<OtlpTarget>(shared, own),
    headers: { ...shared.headers, ...own.headers },
  };
}
