import { AggregationTemporality as Temporality } from "@opentelemetry/sdk-metrics";
import { format, invalidArgument } from "../../internal/arguments.ts";
import { Backoff } from "../../internal/backoff.ts";
import { monotonicMs } from "../../internal/clocks.ts";
import { Lease } from "../../internal/lease.ts";
import type { Logger } from "../../internal/logger.ts";
import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { inSlices, runSlice } from "../../internal/slices.ts";
import { DeltaMetrics, type Deltas } from "./delta_metrics.ts";
import {
  DELTA_SOURCE,
  type DeltaSource,
  type TakenDeltas,
  type WithDeltaSource,
} from "./delta_source.ts";
import { rejectedBy } from "../../batching/rejected_count.ts";
import type { AggregationTemporality, PushMetricExporter, ResourceMetrics } from "../sdk_types.ts";

/**
 * Which sums and histograms are pushed as deltas, in OpenTelemetry's terms:
 *
 * - `"cumulative"`: none.
 * - `"delta"`: counters, observable counters and histograms.
 * - `"lowmemory"`: counters and histograms. (The name is OpenTelemetry's; no memory is saved here.)
 *
 * Up-down counters are always cumulative, and gauges are always the current value.
 */
export type TemporalityPreference = "cumulative" | "delta" | "lowmemory";

/** All preferences. */
export const TEMPORALITY_PREFERENCES: readonly TemporalityPreference[] = Object.freeze([
  "cumulative",
  "delta",
  "lowmemory",
]);

/** The options of {@linkcode DeltaMetricExporter}. */
export interface DeltaMetricExporterOptions {
  /** What is pushed as deltas. Default: `"delta"`. */
  readonly temporalityPreference?: TemporalityPreference | undefined;
  /** Where losses are logged. Default: `console`. */
  readonly logger?: Logger | undefined;
}

const ACTION = "create DeltaMetricExporter";

interface Result {
  code: number;
  error?: Error;
}

interface Push {
  readonly metrics: ResourceMetrics;
  readonly callback: (result: Result) => void;
}

/**
 * Pushes deltas, for receivers that do not accept cumulative metrics. It asks its reader for
 * cumulative metrics and subtracts the values of the last successful push itself:
 *
 * - **A failed push loses nothing**: the next one covers its time too. The reader's own deltas
 *   would be lost.
 * - **When in doubt, twice**: if a push gets no response, it is unknown whether the receiver
 *   accepted it. It counts as failed, so a receiver that did accept it gets these deltas twice.
 *   Most such pushes never arrive, and would otherwise be lost silently. Data points that a
 *   receiver rejects in a partial success are not sent again, as OTLP requires; that loss is
 *   logged.
 * - **Memory**: the last successfully pushed values of each series, and at most one push that waits
 *   for the one in progress. If a newer push replaces the waiting one, that fails, and the newer
 *   one contains its deltas. A series missing from 1,000 pushes in a row is forgotten.
 * - **Other readers**, such as that of a scrape, are not affected and stay cumulative.
 *
 * Exponential histograms stay cumulative.
 *
 * @example
 * ```ts
 * import {
 *   CountingMetricExporter,
 *   createOtlpExporters,
 *   DeltaMetricExporter,
 * } from "@busbar/busbar/otel";
 * import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
 *
 * const { metrics } = createOtlpExporters({ endpoint: "http://127.0.0.1:4318" });
 * const exporter = new DeltaMetricExporter(new CountingMetricExporter(metrics));
 * const reader = new PeriodicExportingMetricReader({ exporter });
 * if (reader.selectAggregation === undefined) throw new Error("no reader");
 * await exporter.shutdown();
 * ```
 */
export class DeltaMetricExporter implements PushMetricExporter {
  readonly #exporter: PushMetricExporter;
  readonly #logger: Logger;
  readonly #deltas: DeltaMetrics;
  /** Of what several threads have counted. */
  readonly #source: DeltaSource | undefined;
  readonly #backoff = new Backoff();
  #waiting: Push | undefined;
  /** Of the push in progress. */
  #lease: Lease | undefined;
  #inProgress: Promise<void> | undefined;
  /** The conversion of many series, while it is under way. */
  #converting: Promise<Deltas> | undefined;
  #uncommitted = 0;

  /**
   * Wraps an exporter; it opens nothing.
   *
   * @throws {TypeError} if the preference or an option is unknown
   */
  constructor(exporter: PushMetricExporter, options: DeltaMetricExporterOptions = {}) {
    assertKnownNames(ACTION, "option", options, ["temporalityPreference", "logger"]);
    const { temporalityPreference = "delta", logger = console } = options;
    if (!TEMPORALITY_PREFERENCES.includes(temporalityPreference)) {
      const rule = `one of ${TEMPORALITY_PREFERENCES.map(format).join(", ")}`;
      const argument = "temporalityPreference";
      invalidArgument(TypeError, ACTION, argument, rule, temporalityPreference);
    }
    this.#exporter = exporter;
    this.#source = (options as WithDeltaSource)[DELTA_SOURCE];
    this.#logger = logger;
    this.#deltas = new DeltaMetrics(
      ({ descriptor }) =>
        temporalityPreference === "delta" ||
        (temporalityPreference === "lowmemory" && !isObservable(descriptor)),
    );
  }

  /** Pushes what was added since the last successful push. */
  export(
    metrics: ResourceMetrics,
    callback: (result: { code: number; error?: Error }) => void,
  ): void {
    const overtaken = this.#waiting;
    this.#waiting = { metrics, callback };
    overtaken?.callback({ code: 1, error: new Error("a newer push holds the deltas of this one") });
    // What a request has left behind counts as failed.
    if (this.#lease === undefined || this.#lease.isLost) this.#inProgress = this.#run();
  }

  /** Cumulative, because the deltas are computed here. */
  selectAggregationTemporality(): AggregationTemporality {
    return Temporality.CUMULATIVE;
  }

  /** Resolves when the push in progress has ended and the wrapped exporter is flushed. */
  async forceFlush(): Promise<void> {
    await this.#end();
    await this.#exporter.forceFlush();
  }

  /** Shuts down the exporter, and logs deltas that could not be pushed: there is no next push. */
  async shutdown(): Promise<void> {
    // What is not handed over yet would come too late.
    if (!REQUESTS_ARE_APART) await this.#converting;
    // First, for it cuts short what waits to be tried again.
    const ended = this.#exporter.shutdown();
    await this.#end();
    await ended;
    if (this.#uncommitted > 0) {
      report(
        this.#logger,
        `Cannot export the deltas of ${this.#uncommitted} data points: they are lost`,
      );
    }
    this.#uncommitted = 0;
  }

  /** Waits for the push in progress, but for none of another request: it may never end. */
  async #end(): Promise<void> {
    if (!REQUESTS_ARE_APART) await this.#inProgress;
  }

  async #run(): Promise<void> {
    const lease = this.#lease = new Lease();
    const isLost = () => this.#lease !== lease;
    for (let push = this.#waiting; push !== undefined; push = this.#waiting) {
      this.#waiting = undefined;
      const result = await this.#push(push.metrics, isLost);
      try {
        push.callback(result);
      } catch {
        // Whoever waits for the result must not hold the next push up.
      }
      if (isLost()) return;
    }
    lease.end();
    this.#lease = this.#inProgress = undefined;
  }

  /** @param isLost whether another push has begun meanwhile, which holds the deltas of this one */
  async #push(collected: ResourceMetrics, isLost: () => boolean): Promise<Result> {
    const converted = this.#convert(collected);
    const deltas = converted instanceof Promise ? await converted : converted;
    this.#converting = undefined;
    // At once, where nothing is to be waited for.
    const taken = this.#source && await this.#take(this.#source);
    if (taken === undefined) return await this.#send(deltas, isLost);
    let isAccepted = false;
    try {
      return await this.#send(withMore(deltas, taken, () => isAccepted = true), isLost);
    } finally {
      taken.end(isAccepted);
    }
  }

  async #take(source: DeltaSource): Promise<TakenDeltas | undefined> {
    try {
      return await source.take();
    } catch (error) {
      // They stay where they are, and what this thread has of its own is pushed all the same.
      if (this.#backoff.due(monotonicMs())) {
        report(this.#logger, `Cannot export what all threads have counted: ${errorText(error)}`);
      }
      return undefined;
    }
  }

  async #send(
    { metrics, pointCount, takenCount = 0, commit }: Deltas & { readonly takenCount?: number },
    isLost: () => boolean,
  ): Promise<Result> {
    const result: Result = pointCount === 0 ? { code: 0 } : await this.#export(metrics);
    if (isLost()) return result;
    const { code, error } = result;
    if (code === 0 || isPartial(error)) {
      commit();
      this.#uncommitted = 0;
    } else {
      this.#uncommitted = pointCount - (this.#source?.hasHeirs ? takenCount : 0);
    }
    if (code !== 0 && isPartial(error) && this.#backoff.due(monotonicMs())) {
      const rejected = rejectedBy(error, pointCount);
      report(
        this.#logger,
        `Cannot export ${rejected} data points: the receiver rejected them for good`,
      );
    }
    return result;
  }

  /** Most pushes are converted at once; many series in slices that leave the event loop free. */
  #convert(collected: ResourceMetrics): Deltas | Promise<Deltas> {
    const converting = this.#deltas.convert(collected);
    const step = runSlice(converting);
    return step.done ? step.value : this.#converting = inSlices(converting);
  }

  #export(metrics: ResourceMetrics): Promise<Result> {
    return new Promise((resolve) => {
      try {
        this.#exporter.export(metrics, resolve);
      } catch (error) {
        resolve({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
      }
    });
  }
}

/** Deltas with those of a source. @param onCommit called when all were accepted */
function withMore(
  { metrics: { resource, scopeMetrics: own }, pointCount, commit }: Deltas,
  { scopeMetrics }: TakenDeltas,
  onCommit: () => void,
): Deltas & { readonly takenCount: number } {
  const takenCount = scopeMetrics.flatMap(({ metrics }) => metrics)
    .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  return {
    metrics: { resource, scopeMetrics: [...own, ...scopeMetrics] },
    pointCount: pointCount + takenCount,
    takenCount,
    commit: () => {
      commit();
      onCommit();
    },
  };
}

/** The SDK says in its descriptors what kind of instrument it was, which their type leaves out. */
function isObservable(descriptor: object): boolean {
  return (descriptor as { type?: unknown }).type === "OBSERVABLE_COUNTER";
}

/**
 * Whether the receiver accepted the push as a whole, and said how many of its points it rejected.
 */
function isPartial(error: Error | undefined): boolean {
  return typeof (error as { rejectedCount?: unknown } | undefined)?.rejectedCount === "number";
}
