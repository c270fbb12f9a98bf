import type { Catalog } from "../../catalog/catalog.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents } from "../../events/event_map.ts";
import { assertFunction, assertMethod, invalidArgument } from "../../internal/arguments.ts";
import type { Logger } from "../../internal/logger.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { Meter } from "../otel_api.ts";
import { type MetricsMirror, MIRROR, type WithMirror } from "./mirror.ts";
import {
  DEFAULT_OPEN_PAIRS_LIMITS,
  type OpenPairsLimits,
  resolveOpenPairsLimits,
} from "../pairs/limits.ts";
import type { TraceContext } from "../trace_context.ts";

/** The options of a `MetricsSubscriber`; the defaults are {@linkcode DEFAULT_METRICS_OPTIONS}. */
export interface MetricsSubscriberOptions<Events extends object = AnyEvents> {
  /** The declared metrics by name: a catalog's `metrics`. */
  readonly metrics: Catalog<Events>["metrics"];
  /**
   * A meter to report to: sums once per slice, histograms value by value, without exemplars.
   * Default: none; then `MetricsSubscriber.collect` returns all values, at a fraction of the cost.
   */
  readonly meter?: Meter | undefined;
  /**
   * Returns the trace that the end event of a duration or a throughput belongs to. If it is sampled
   * and there is no `meter`, the value becomes an exemplar of its bucket. Default: no exemplars.
   */
  readonly contextOf?: ((event: BusEvent) => TraceContext | undefined) | undefined;
  /**
   * How many starts may wait for their end, for each duration and throughput; beyond that, the
   * oldest expires. An integer of at least 1. Default: 10,000.
   */
  readonly maxOpenPairs?: number | undefined;
  /**
   * How long a start may wait for its end, in milliseconds, above 0, by the bus's clock: what the
   * events' timestamps say does not matter. Default: 600,000, ten minutes.
   */
  readonly maxPairAgeMs?: number | undefined;
  /**
   * Where it is logged, once, that an instrument reached its limit of attribute sets or got an
   * invalid value, or that starts of a type overlap without an operation id; and, backing off, that
   * starts expired. Default: `console`.
   */
  readonly logger?: Logger | undefined;
}

/** The defaults of {@linkcode MetricsSubscriberOptions}. */
export const DEFAULT_METRICS_OPTIONS: Readonly<{ maxOpenPairs: number; maxPairAgeMs: number }> =
  DEFAULT_OPEN_PAIRS_LIMITS;

/** Counts of a `MetricsSubscriber`; all but `openPairs` only grow. */
export interface MetricsStats {
  /** Values put into overflow series, by metric. */
  readonly overflowedByMetric: Readonly<Record<string, number>>;
  /**
   * Names and values of attributes that were cut, for they had more than 1,030 characters or more than
   * 1,000 items; by metric.
   */
  readonly cutAttributesByMetric: Readonly<Record<string, number>>;
  /** Values ignored because they were not finite, or negative for a counter; by metric. */
  readonly invalidByMetric: Readonly<Record<string, number>>;
  /** Series left out because they had had no value for longer than `maxIdleMs`; by metric. */
  readonly expiredSeriesByMetric: Readonly<Record<string, number>>;
  /** How often the values of gauges could not be read; by metric. */
  readonly failedReadsByMetric: Readonly<Record<string, number>>;
  /** Starts of durations and throughputs that wait for their end. */
  readonly openPairs: number;
  /** Starts that expired: there were too many, or they waited too long. */
  readonly expiredPairs: number;
  /** Ends without a start, or whose start had expired. */
  readonly orphanedEnds: number;
  /**
   * Starts without an operation id, begun while another one of the same kind and session was open:
   * their ends are given to the starts in order, which may be wrong.
   */
  readonly ambiguousPairs: number;
}

/** Checked options, with the defaults filled in. */
export interface ResolvedMetricsOptions<Events extends object> {
  readonly metrics: NonNullable<Catalog<Events>["metrics"]>;
  readonly meter: Meter | undefined;
  readonly mirror: MetricsMirror | undefined;
  readonly contextOf: ((event: BusEvent) => TraceContext | undefined) | undefined;
  readonly limits: OpenPairsLimits;
  readonly logger: Logger;
}

const ACTION = "create MetricsSubscriber";

/** The names of {@linkcode MetricsSubscriberOptions}. */
const NAMES: readonly (keyof MetricsSubscriberOptions)[] = [
  "metrics",
  "meter",
  "contextOf",
  "maxOpenPairs",
  "maxPairAgeMs",
  "logger",
];

/** Checks what a user passed and fills in the defaults. */
export function resolveMetricsOptions<Events extends object>(
  options: MetricsSubscriberOptions<Events>,
): ResolvedMetricsOptions<Events> {
  assertKnownNames(ACTION, "option", options, NAMES);
  const { metrics = {}, meter, contextOf, logger = console } = options;
  if (typeof metrics !== "object" || metrics === null) {
    invalidArgument(TypeError, ACTION, "metrics", "declarations by name", metrics);
  }
  if (meter !== undefined) assertMethod(ACTION, "meter", meter, "createCounter");
  if (contextOf !== undefined) assertFunction(ACTION, "contextOf", contextOf);
  assertMethod(ACTION, "logger", logger, "warn");
  const { [MIRROR]: mirror } = options as WithMirror;
  const limits = resolveOpenPairsLimits(ACTION, options);
  return { metrics, meter, mirror, contextOf, limits, logger };
}
