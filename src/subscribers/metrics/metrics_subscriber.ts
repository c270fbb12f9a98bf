import { MAX_LABEL_LENGTH } from "../../internal/bounded_values.ts";
import { wallMs } from "../../internal/clocks.ts";
import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { AnyEvent } from "../../catalog/declaration.ts";
import type { EventAttributes } from "../../catalog/attributes.ts";
import type { EventMetric, MetricDeclaration, PairMetric } from "../../catalog/metric.ts";
import type { AnyEvents, EventHandler, Subscriptions } from "../../events/event_map.ts";
import { callAll } from "../../internal/collected_errors.ts";
import { Backoff } from "../../internal/backoff.ts";
import { CountReport } from "../../internal/count_report.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { inSlices, type Steps } from "../../internal/slices.ts";
import type { SubscriptionContext } from "../../library/event_subscriber.ts";
import { AmbiguousPairs } from "../pairs/ambiguous_pairs.ts";
import { Expiry } from "../pairs/expiry.ts";
import { boundedId } from "../pairs/bounded_id.ts";
import { OpenPairs, type OpenPairsStats, operationIdOf } from "../pairs/open_pairs.ts";
import { PairsGroup } from "../pairs/pairs_group.ts";
import { createInstrument } from "./create_instrument.ts";
import type { TraceContext } from "../trace_context.ts";
import type { Instrument, InstrumentParts, Problem } from "./instrument.ts";
import type { MetricsMirror } from "./mirror.ts";
import {
  type MetricsStats,
  type MetricsSubscriberOptions,
  type ResolvedMetricsOptions,
  resolveMetricsOptions,
} from "./options.ts";
import type { CollectedMetric } from "./series.ts";

type Action = (event: AnyEvent) => void;

/**
 * Turns events into the metrics that a catalog declares.
 *
 * It aggregates values per attribute set, so that each event costs a look-up and an addition. If a
 * function of a declaration throws, that is counted as a failure of this subscriber and does not
 * affect other metrics of the same event. Beyond an instrument's limit of attribute sets, values go
 * to OpenTelemetry's overflow series (`otel_metric_overflow="true"`), so that totals stay exact. Of an
 * attribute's text of more than 1,030 characters the first 1,000 are kept, with how many more there were,
 * of a list 1,000 items; that is counted, and logged once for each metric.
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
  /**
   * Its name in counts and warnings, which survives minification. A subclass has the same, unless it
   * says another: `override readonly name = "OwnMetrics";`.
   */
  override readonly name: string = "MetricsSubscriber";
  readonly #options: ResolvedMetricsOptions<Events>;
  readonly #instruments = new Map<string, Instrument>();
  readonly #mirror: MetricsMirror | undefined;
  readonly #pairsGroup = new PairsGroup();
  /** Of starts, or of their timestamps where nothing else of them is read. */
  readonly #pairs: OpenPairs<AnyEvent | number>[] = [];
  readonly #pairsOf = new Map<Instrument, OpenPairs<AnyEvent | number>>();
  readonly #ambiguous: AmbiguousPairs;
  readonly #expiry: Expiry;
  /** The instruments that have something to report to the meter. */
  readonly #touched: Instrument[] = [];
  /** What went wrong and has not been logged. */
  readonly #problems: [name: string, problem: Problem][] = [];
  readonly #expiredReport: CountReport;
  /** When a gauge that cannot be read is logged again. */
  readonly #failedReads = new Map<string, Backoff>();

  /**
   * Creates the subscriber. Its instruments are created when it is registered with a bus.
   *
   * @throws {TypeError} if an option is unknown or of the wrong type
   * @throws {RangeError} if a limit is out of range
   */
  constructor(options: MetricsSubscriberOptions<Events>) {
    super();
    this.#options = resolveMetricsOptions(options);
    this.#mirror = this.#options.mirror;
    this.#expiredReport = new CountReport(this.#options.logger);
    this.#ambiguous = new AmbiguousPairs(this.#options.logger);
    this.#expiry = new Expiry(this.#pairsGroup, this.#pairs, () => this.#reportExpired());
  }

  /** Creates the instruments, once, and a handler for each type that feeds one. */
  override getSubscriptions(context?: SubscriptionContext): Subscriptions<Events> {
    // A bus of another copy of the package may give none.
    if (context !== undefined) this.#expiry.now = context.now;
    const actions = new Map<string, Action[]>();
    const on = (type: string, action: Action) => {
      const list = actions.get(type);
      if (list === undefined) actions.set(type, [action]);
      else list.push(action);
    };
    const { metrics, meter, mirror, contextOf } = this.#options;
    const parts: InstrumentParts = {
      meter,
      mirror: meter === undefined ? mirror : undefined,
      startTimeMs: wallMs(),
      onTouched: (instrument) => void this.#touched.push(instrument),
      onProblem: (name, problem) => void this.#problems.push([name, problem]),
      onObserved: () => this.#reportProblems(),
      onFailedRead: (name, error) => this.#reportFailedRead(name, error),
      now: () => this.#expiry.now(),
    };
    for (const [name, declared] of Object.entries(metrics)) {
      let instrument = this.#instruments.get(name);
      if (instrument === undefined) {
        instrument = createInstrument(name, declared, parts);
        this.#instruments.set(name, instrument);
        for (const attributes of initialAttributesOf(declared)) instrument.startAtZero(attributes);
      }
      instrument.begin();
      if (declared.source === "pair") this.#wirePair(declared, instrument, on);
      else if (declared.source === "event") {
        wireEvent(declared, instrument, on, contextOf, parts.now);
      }
    }
    // What begins with 0 is there before the first event, in a meter too.
    this.#flushTouched();
    const handlers: Record<string, EventHandler> = {};
    for (const [type, list] of actions) {
      handlers[type] = list.length === 1
        ? list[0] as Action
        : (event) => callAll(list, event, "several metrics failed");
    }
    return handlers as unknown as Subscriptions<Events>;
  }

  #wirePair(
    declared: PairMetric<Events>,
    instrument: Instrument,
    on: (type: string, action: Action) => void,
  ): void {
    const { start, end, value, attributes, readsStart, acrossSessions } = declared;
    const sessionOf = ({ sessionId }: AnyEvent, operationId: string) =>
      acrossSessions && operationId !== "" ? "" : boundedId(sessionId);
    const { contextOf, limits } = this.#options;
    const open = this.#pairsOf.get(instrument) ??
      new OpenPairs<AnyEvent | number>(limits, this.#pairsGroup);
    if (!this.#pairsOf.has(instrument)) this.#pairs.push(open);
    this.#pairsOf.set(instrument, open);
    on(start, (event) => {
      const id = operationIdOf(declared, event);
      // A declaration of another copy of the package may not say whether it does.
      const kept = readsStart === false ? event.timestamp : event;
      const overlaps = open.open(sessionOf(event, id), id, kept);
      if (overlaps && id === "") this.#ambiguous.add(start, this.name);
    });
    on(end, (event) => {
      const id = operationIdOf(declared, event);
      const kept = open.close(sessionOf(event, id), id);
      if (kept === undefined) return;
      const startMs = typeof kept === "number" ? kept : kept.timestamp;
      // Where a timestamp is all that was kept, nobody reads the start.
      const begun = kept as AnyEvent;
      const measured = value(event, begun, event.timestamp - startMs);
      if (measured === undefined) return;
      instrument.record(
        measured,
        attributes?.(event, begun),
        contextOf?.(event),
        event.timestamp,
      );
    });
  }

  /**
   * Reports the slice's sums to the meter, and expires starts whose end is overdue: it looks at what
   * the slice has touched, however many metrics are declared.
   */
  override onDrain(): void {
    this.#expiry.endSlice();
    this.#flushTouched();
    this.#reportProblems();
    this.#reportExpired();
    this.#mirror?.endSlice();
  }

  #flushTouched(): void {
    if (this.#touched.length === 0) return;
    for (const instrument of this.#touched.splice(0)) instrument.flush();
  }

  /** Expires starts whose end is overdue. */
  override flush(): void {
    this.#expire();
  }

  /**
   * Expires starts whose end is overdue, and ends the timer that does so. A meter reads gauges no
   * longer.
   */
  override shutdown(): void {
    this.#expire();
    this.#expiry.stop();
    for (const instrument of this.#instruments.values()) instrument.end();
  }

  #expire(): void {
    this.#expiry.expire();
    this.#reportExpired();
  }

  #reportExpired(): void {
    if (this.#pairsGroup.expired === 0) return;
    this.#expiredReport.update(
      this.#pairsGroup.expired,
      this.#expiry.now,
      (expired) => `${this.name} expired starts whose end did not arrive: ${expired} so far`,
    );
  }

  #reportFailedRead(name: string, error: unknown): void {
    let backoff = this.#failedReads.get(name);
    if (backoff === undefined) this.#failedReads.set(name, backoff = new Backoff());
    if (!backoff.due(this.#expiry.now())) return;
    report(
      this.#options.logger,
      `the gauge ${name} could not be read and is left out: ${errorText(error)}`,
    );
  }

  /** Logs what instruments could not record, in their order: how much it is, `stats` says. */
  #reportProblems(): void {
    if (this.#problems.length === 0) return;
    const names = [...this.#instruments.keys()];
    const problems = this.#problems.splice(0)
      .sort(([a], [b]) => names.indexOf(a) - names.indexOf(b));
    for (const [name, problem] of problems) {
      const { kind, maxAttributeSets } = this.#options.metrics[name] ?? {};
      report(this.#options.logger, problemText(problem, name, kind, maxAttributeSets));
    }
  }

  /** A copy of all series, cumulative since the registration. Starts that are overdue expire. */
  collect(): CollectedMetric[] {
    const steps = this.#collect();
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /**
   * The same for many series: all values are copied at once, as of this call, and the copies made in
   * slices of a few milliseconds that leave the event loop free.
   */
  collectInSlices(): Promise<CollectedMetric[]> {
    return inSlices(this.#collect());
  }

  #collect(): Steps<CollectedMetric[]> {
    this.#expire();
    const collected = [...this.#instruments.values()].map((instrument) => instrument.collect());
    // Of gauges that were just read: there may be no event for long.
    this.#reportProblems();
    return inTurn(collected);
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
      cutAttributesByMetric: byMetric(({ cut }) => cut),
      invalidByMetric: byMetric(({ invalid }) => invalid),
      expiredSeriesByMetric: byMetric(({ expired }) => expired),
      failedReadsByMetric: byMetric(({ failedReads }) => failedReads),
      openPairs: sum(({ open }) => open),
      expiredPairs: sum(({ expired }) => expired),
      orphanedEnds: sum(({ orphaned }) => orphaned),
      ambiguousPairs: this.#ambiguous.count,
    };
  }
}

function problemText(problem: Problem, name: string, kind?: string, maxSets?: number): string {
  if (problem === "overflow") {
    return `the metric ${name} has reached its limit of ${maxSets} attribute sets; further ones ` +
      "are counted in the series otel_metric_overflow";
  }
  if (problem === "cut") {
    return `the metric ${name} was given an attribute of more than ${MAX_LABEL_LENGTH} ` +
      "characters or items; the rest of such is cut, and counted";
  }
  const rule = kind === "counter" ? "a finite number of at least 0" : "a finite number";
  return `the metric ${name} was given a value that is not ${rule}; such values are ignored and counted`;
}

/** With which series a metric begins; a declaration of another copy of the package may not say. */
function initialAttributesOf<Events extends object>(
  declared: MetricDeclaration<Events>,
): readonly EventAttributes[] {
  if (declared.initialAttributes !== undefined || declared.source === "read") {
    return declared.initialAttributes ?? [];
  }
  const hasAttributes = declared.attributes !== undefined ||
    (declared.source === "event" && declared.measurements !== undefined);
  return hasAttributes || declared.kind === "gauge" ? [] : [{}];
}

function wireEvent<Events extends object>(
  { kind, types, value, attributes, measurements }: EventMetric<Events>,
  instrument: Instrument,
  on: (type: string, action: Action) => void,
  contextOf: ((event: AnyEvent) => TraceContext | undefined) | undefined,
  now: () => number,
): void {
  const traceOf = kind === "histogram" ? contextOf : undefined;
  let action: Action;
  if (measurements !== undefined) {
    action = (event) => {
      for (const { value, attributes } of measurements(event, now)) {
        instrument.record(value, attributes, traceOf?.(event), event.timestamp);
      }
    };
  } else if (traceOf !== undefined) {
    action = (event) => {
      const measured = value === undefined ? 1 : value(event, now);
      instrument.record(measured, attributes?.(event), traceOf(event), event.timestamp);
    };
  } else {
    action = (event) =>
      instrument.record(value === undefined ? 1 : value(event, now), attributes?.(event));
  }
  for (const type of new Set(types)) on(type, action);
}

function* inTurn<Result>(all: readonly Steps<Result>[]): Steps<Result[]> {
  const results: Result[] = [];
  for (const steps of all) results.push(yield* steps);
  return results;
}
