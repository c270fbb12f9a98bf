import type { Logger as LineLogger } from "../../internal/logger.ts";
import type { DeltaSource } from "../../otel/delta/delta_source.ts";
import type { SendGate } from "../../otel/otlp/send_gate.ts";
import type { ScrapeFormat } from "../../otel/prometheus/scrape_format.ts";
import type { CollectedMetric } from "../../subscribers/metrics/series.ts";
import type { Meter, OtelLogger, TracerLike } from "../../subscribers/otel_api.ts";
import type { ExportStatsBySignal } from "../../subscribers/self_metrics/observe_export.ts";
import type { ObservabilityConfig } from "../config/config.ts";
import type { Step } from "../steps.ts";

/** The deltas of several threads, as one of them pushes them. */
export interface SharedDeltaPush extends DeltaSource, SendGate {
  /** How many data points may have arrived or not, of threads that ended or hung while they pushed. */
  readonly inDoubt: number;
}

/** What a telemetry is made of. */
export interface TelemetryOptions {
  /** The complete configuration. */
  readonly config: ObservabilityConfig;
  /** Metrics that were added up outside the SDK. */
  readonly collect: () => Promise<readonly CollectedMetric[]>;
  /**
   * Whether what was added up is pushed from here now: of several threads one pushes what all have
   * counted. Default: it is.
   */
  readonly pushes?: (() => boolean | Promise<boolean>) | undefined;
  /** Whether this thread is the one that pushes. Default: it is. */
  readonly isPusher?: (() => boolean) | undefined;
  /**
   * What is pushed as deltas where several threads are one; without it each pushes its own. Default:
   * without it.
   */
  readonly sharedDeltas?: (() => SharedDeltaPush | undefined) | undefined;
  /**
   * Which instance of the service the metrics are of, where several threads are one; `undefined`: the
   * one of the configuration. Default: that.
   */
  readonly instanceId?: (() => string | undefined) | undefined;
  /** Where losses are reported. */
  readonly logger: LineLogger;
}

/** Where metrics, spans and log records go: an SDK of our own, or the runtime's. */
export interface Telemetry {
  /** For instruments that are read when they are collected. */
  readonly meter: Meter;
  /** Whether metrics that events feed are recorded by the meter: there is no other way in. */
  readonly recordsThroughMeter: boolean;
  /** For spans, if they are enabled. */
  readonly tracer: TracerLike | undefined;
  /** Whether its spans hold on to an attribute's first value when it is set again. */
  readonly deferAttributes: boolean;
  /** For log records, if they are pushed. */
  readonly logger: OtelLogger | undefined;
  /** Gives a scrape; `undefined` where metrics cannot be pulled. */
  readonly scrape: ((format: ScrapeFormat) => Promise<string>) | undefined;
  /** How often callbacks failed, by the metric left out; `undefined` where the runtime knows it. */
  readonly failedCallbacks?: (() => Readonly<Record<string, number>>) | undefined;
  /** What became of what was pushed, by signal. */
  readonly exportStats: () => ExportStatsBySignal;
  /**
   * Makes it OpenTelemetry's global one; rejects, with nothing changed, if there is another.
   *
   * @returns what undoes it
   */
  registerGlobally(): Disposable;
  /** Pushes what waits. */
  readonly flushSteps: readonly Step[];
  /** Pushes what waits, and ends. */
  readonly shutdownSteps: readonly Step[];
  /** Cuts off the pushes that are under way; what comes after it is not pushed. */
  abort(): void;
}
