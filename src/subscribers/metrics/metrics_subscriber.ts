import type { Catalog } from "../../catalog/catalog.ts";
import type { AnyEvent } from "../../catalog/declaration.ts";
import type { EventMetric, MetricDeclaration, PairMetric } from "../../catalog/metric.ts";
import { Backoff } from "../../internal/backoff.ts";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { Logger } from "../../internal/logger.ts";
import type { BusEvent } from "../../events/event.ts";
import type { AnyEvents, EventHandler, Subscriptions } from "../../events/event_map.ts";
import { type OpenPairsLimits, resolveOpenPairsLimits } from "../pairs/limits.ts";
import { OpenPairs, type OpenPairsStats, pairKey } from "../pairs/open_pairs.ts";
import type { Meter } from "../otel_api.ts";
import { createInstrument, type Instrument } from "./instrument.ts";
import type { CollectedMetric, ExemplarContext } from "./series.ts";

/** The options of a {@linkcode MetricsSubscriber}. */
export interface MetricsSubscriberOptions<Events extends object = AnyEvents> {
  /** The metrics of a catalog. */
  readonly metrics: NonNullable<Catalog<Events>["metrics"]>;
  /**
   * A meter to report to: sums once per slice, histograms value by value. Default: none; then
   * `MetricsSubscriber.collect` returns the values, including histograms and exemplars,
   * at a fraction of the cost.
   */
  readonly meter?: Meter | undefined;
  /** The trace that an event belongs to, for exemplars. Default: none. */
  readonly contextOf?: ((event: BusEvent) => ExemplarContext | undefined) | undefined;
  /**
   * How many starts of each duration may wait for their end; beyond that, the oldest expires. An
   * integer of at least 1. Default: 10,000.
   */
  readonly maxOpenPairs?: number | undefined;
  /**
   * How long a start may wait for its end, in milliseconds, above 0, by the events' timestamps.
   * Default: 600,000, ten minutes.
   */
  readonly maxPairAgeMs?: number | undefined;
  /**
   * Where it is logged, once, that an instrument reached its limit of attribute sets or got an
   * invalid value; and, backing off, that starts were given up. Default: `console`.
   */
  readonly logger?: Logger | undefined;
}

/** Counts of a {@linkcode MetricsSubscriber}; all but `openPairs` only grow. */
export interface MetricsStats {
  /** Values put into overflow series, by metric. */
  readonly overflowedByMetric: Readonly<Record<string, number>>;
  /** Values ignored because they were not finite, or negative for a counter; by metric. */
  readonly invalidByMetric: Readonly<Record<string, number>>;
  /** Starts of durations that wait for their end. */
  readonly openPairs: number;
  /** Starts that expired: there were too many, or they waited too long. */
  readonly expiredPairs: number;
  /** Ends without a start, or whose start had expired. */
  readonly orphanedEnds: number;
}

type Action = (event: AnyEvent) => void;

/**
 * Turns events into the metrics that a catalog declares.
 *
 * It aggregates values per attribute set, so that each event costs a look-up and an addition. If a
 * function of a declaration throws, that is counted as a failure of this subscriber and does not
 * affect other metrics of the same event. Beyond an instrument's limit of attribute sets, values go
 * to OpenTelemetry's overflow series (`otel_metric_overflow="true"`), so that totals stay exact.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { declare } from "@busbar/busbar/catalog";
 * import { MetricsSubscriber } from "@busbar/busbar/subscribers";
 *
 * interface CacheEvents {
 *   "cache.read": { hit: boolean };
 * }
 * const { catalog, counter } = declare<CacheEvents>();
 * const { metrics = {} } = catalog({
 *   metrics: {
 *     "cache.reads": counter("cache.read", { attributes: ({ metadata: { hit } }) => ({ hit }) }),
 *   },
 * });
 *
 * const bus = new EventBus<CacheEvents>().start();
 * const subscriber = new MetricsSubscriber({ metrics });
 * bus.registerSubscriber(subscriber);
 * bus.publish("cache.read", { hit: true });
 * bus.publish("cache.read", { hit: true });
 * await bus.stop();
 * const [reads] = subscriber.collect();
 * if (reads?.kind !== "counter" || reads.points[0]?.value !== 2) throw new Error("not counted");
 * ```
 */
export class MetricsSubscriber<Events extends object = AnyEvents> extends EventSubscriber<Events> {
  override readonly name: string = "MetricsSubscriber";
  readonly #metrics: Readonly<Record<string, MetricDeclaration<Events>>>;
  readonly #meter: Meter | undefined;
  readonly #contextOf: ((event: BusEvent) => ExemplarContext | undefined) | undefined;
  readonly #pairLimits: OpenPairsLimits;
  readonly #logger: Logger;
  readonly #instruments = new Map<string, Instrument>();
  readonly #pairs: OpenPairs<AnyEvent>[] = [];
  readonly #full = new Set<string>();
  readonly #withInvalid = new Set<string>();
  readonly #tellExpiredAgain = new Backoff();
  #expiredTold = 0;
  /** The latest event's timestamp. Not the greatest: one event from the future would end all waiting. */
  #nowMs = 0;

  /**
   * Creates the subscriber. Its instruments are created when it is registered with a bus.
   *
   * @param options See {@linkcode MetricsSubscriberOptions}.
   * @throws {RangeError} if a limit is out of range
   */
  constructor(options: MetricsSubscriberOptions<Events>) {
    super();
    this.#metrics = options.metrics;
    this.#meter = options.meter;
    this.#contextOf = options.contextOf;
    this.#pairLimits = resolveOpenPairsLimits("create MetricsSubscriber", options);
    this.#logger = options.logger ?? console;
  }

  /** Creates the instruments, and a handler for each type that feeds one. */
  override getSubscriptions(): Subscriptions<Events> {
    const actions = new Map<string, Action[]>();
    const on = (type: string, action: Action) => {
      const list = actions.get(type);
      if (list === undefined) actions.set(type, [action]);
      else list.push(action);
    };
    const startTimeMs = Date.now();
    for (const [name, declared] of Object.entries(this.#metrics)) {
      if (this.#instruments.has(name)) continue;
      const instrument = createInstrument(name, declared, this.#meter, startTimeMs);
      this.#instruments.set(name, instrument);
      if (declared.source === "pair") this.#wirePair(declared, instrument, on);
      else wireEvent(declared, instrument, on);
      if (!declared.attributes && !(declared.source === "event" && declared.measurements)) {
        instrument.startAtZero();
      }
    }
    const handlers: Record<string, EventHandler> = {};
    for (const [type, list] of actions) {
      handlers[type] = list.length === 1 ? list[0] as Action : (event) => runAll(list, event);
    }
    return handlers as unknown as Subscriptions<Events>;
  }

  #wirePair(
    { start, end, operationId, value, attributes }: PairMetric<Events>,
    instrument: Instrument,
    on: (type: string, action: Action) => void,
  ): void {
    const open = new OpenPairs<AnyEvent>(this.#pairLimits);
    this.#pairs.push(open);
    on(start, (event) => {
      this.#nowMs = event.timestamp;
      open.open(pairKey(start, event, operationId(event)), event);
    });
    on(end, (event) => {
      this.#nowMs = event.timestamp;
      const begun = open.close(pairKey(start, event, operationId(event)));
      if (begun === undefined) return;
      const durationMs = Math.max(0, event.timestamp - begun.timestamp);
      instrument.record(
        value(event, begun, durationMs),
        attributes?.(event, begun),
        this.#contextOf?.(event),
        event.timestamp,
      );
    });
  }

  /** Tells the meter the slice's sums, and gives up starts whose end is overdue. */
  override onDrain(): void {
    for (const pairs of this.#pairs) pairs.expire(this.#nowMs);
    if (this.#meter !== undefined) {
      for (const instrument of this.#instruments.values()) instrument.flush();
    }
    // Last of all: a logger that throws must cost no sum.
    for (const [name, instrument] of this.#instruments) this.#tell(name, instrument);
    this.#tellExpired();
  }

  /** Tells what an instrument could not take, each once: how much it is, the counts say. */
  #tell(name: string, { overflowed, invalid }: Instrument): void {
    if (overflowed > 0 && !this.#full.has(name)) {
      this.#full.add(name);
      this.#logger.warn(
        `MetricsSubscriber: ${name} holds its ${this.#metrics[name]?.maxAttributeSets} ` +
          `attribute sets; further ones are counted in otel_metric_overflow`,
      );
    }
    if (invalid > 0 && !this.#withInvalid.has(name)) {
      this.#withInvalid.add(name);
      const rule = this.#metrics[name]?.kind === "counter"
        ? "a finite number of at least 0"
        : "a finite number";
      this.#logger.warn(
        `MetricsSubscriber: ${name} was given a value that is not ${rule}; ` +
          "such values are left out and counted",
      );
    }
  }

  #tellExpired(): void {
    const expired = this.#pairs.reduce((sum, pairs) => sum + pairs.stats().expired, 0);
    if (expired <= this.#expiredTold || !this.#tellExpiredAgain.due(performance.now())) return;
    this.#expiredTold = expired;
    this.#logger.warn(
      `MetricsSubscriber: gave up starts whose end has not come: ${expired} so far`,
    );
  }

  /** A copy of all series, cumulative since the registration. */
  collect(): CollectedMetric[] {
    return [...this.#instruments.values()].map((instrument) => instrument.collect());
  }

  /** A copy of the counts. */
  stats(): MetricsStats {
    const byMetric = (pick: (instrument: Instrument) => number) =>
      Object.fromEntries(
        [...this.#instruments].map(([name, instrument]) => [name, pick(instrument)] as const)
          .filter(([, count]) => count > 0),
      );
    const sum = (pick: (stats: OpenPairsStats) => number) =>
      this.#pairs.reduce((total, pairs) => total + pick(pairs.stats()), 0);
    return {
      overflowedByMetric: byMetric(({ overflowed }) => overflowed),
      invalidByMetric: byMetric(({ invalid }) => invalid),
      openPairs: sum(({ open }) => open),
      expiredPairs: sum(({ expired }) => expired),
      orphanedEnds: sum(({ orphaned }) => orphaned),
    };
  }
}

function wireEvent<Events extends object>(
  { types, value, attributes, measurements }: EventMetric<Events>,
  instrument: Instrument,
  on: (type: string, action: Action) => void,
): void {
  const action: Action = measurements === undefined
    ? (event) => instrument.record(value === undefined ? 1 : value(event), attributes?.(event))
    : (event) => {
      for (const { value, attributes } of measurements(event)) instrument.record(value, attributes);
    };
  for (const type of new Set(types)) on(type, action);
}

/** Runs all of an event's actions, also when one throws; then throws what was thrown. */
function runAll(actions: readonly Action[], event: AnyEvent): void {
  let errors: unknown[] | undefined;
  for (const action of actions) {
    try {
      action(event);
    } catch (error) {
      (errors ??= []).push(error);
    }
  }
  if (errors === undefined) return;
  throw errors.length === 1 ? errors[0] : new AggregateError(errors, "several metrics failed");
}
