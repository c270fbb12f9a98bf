import type { Logger as LineLogger } from "../../internal/logger.ts";
import type { ExportStatsBySignal } from "../../subscribers/self_metrics/observe_export.ts";
import type { ScrapeFormat } from "../../otel/prometheus/scrape_format.ts";
import type { CollectedMetric } from "../../subscribers/metrics/series.ts";
import type { Meter, OtelLogger, TracerLike } from "../../subscribers/otel_api.ts";
import type { ObservabilityConfig } from "../config/config.ts";

/** What a telemetry is made of. */
export interface TelemetryOptions {
  /** The complete configuration. */
  readonly config: ObservabilityConfig;
  /** Metrics that were added up outside the SDK. */
  readonly collect: () => readonly CollectedMetric[];
  /** Where losses are told. */
  readonly logger: LineLogger;
}

/** One thing to do at a flush or a shutdown. */
export interface TelemetryStep {
  /** Completes "Cannot …". */
  readonly name: string;
  /** Does it. */
  readonly run: () => Promise<void>;
}

/** Where metrics, spans and log records go: an SDK of our own, or the runtime's. */
export interface Telemetry {
  /** For instruments that are read when they are collected. */
  readonly meter: Meter;
  /** Whether metrics that events feed are told to the meter: there is no other way in. */
  readonly recordsThroughMeter: boolean;
  /** For spans, if they are on. */
  readonly tracer: TracerLike | undefined;
  /** Whether its spans keep what they are told first, also when they are told anew. */
  readonly deferAttributes: boolean;
  /** For log records, if they are pushed. */
  readonly logger: OtelLogger | undefined;
  /** Gives a scrape; `undefined` where metrics cannot be pulled. */
  readonly scrape: ((format: ScrapeFormat) => Promise<string>) | undefined;
  /** What became of what was pushed, by signal. */
  readonly exportCounts: () => ExportStatsBySignal;
  /**
   * Makes it OpenTelemetry's global one; throws, with nothing changed, if there is another.
   *
   * @returns what undoes it
   */
  registerGlobally(): Disposable;
  /** Pushes what waits. */
  readonly flushSteps: readonly TelemetryStep[];
  /** Pushes what waits, and ends. */
  readonly shutdownSteps: readonly TelemetryStep[];
  /** Cuts off the pushes that are under way; what comes after it is not pushed. */
  abort(): void;
}

/** The name of the instrumentation scope of all that Busbar makes. */
export const SCOPE_NAME = "busbar";
