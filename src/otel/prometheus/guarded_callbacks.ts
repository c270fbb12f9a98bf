import { monotonicMs } from "../../internal/clocks.ts";
import { Backoff } from "../../internal/backoff.ts";
import { Deadline } from "../../internal/deadline.ts";
import type { Logger } from "../../internal/logger.ts";
import { errorText, report } from "../../internal/reporting.ts";
import type { MeterProvider, ResourceMetrics, ScopeMetrics } from "@opentelemetry/sdk-metrics";
import {
  type Observable,
  observablesWithoutNaN,
  readObservables,
} from "../../subscribers/metrics/meter_observables.ts";
import type { ApiMeterProvider, Meter } from "../../subscribers/otel_api.ts";

type Callback = Parameters<Observable["addCallback"]>[0];
type BatchCallback = Parameters<Meter["addBatchObservableCallback"]>[0];

/** What a callback threw, so that it is told from what other sources of metrics report. */
class CallbackError extends Error {}

/** An instrument, in the scope of its meter. */
interface Instrument {
  readonly name: string;
  readonly key: string;
}

/** A callback with the instruments that it reads. */
class GuardedCallback {
  readonly instruments: readonly Instrument[];
  readonly backoff = new Backoff();
  /** Whether its last call failed. */
  failed = false;

  constructor(instruments: readonly Instrument[]) {
    this.instruments = instruments;
  }
}

/**
 * Knows which callbacks of observable instruments failed, so that a scrape leaves out what those
 * read, and nothing else: the SDK says that something failed, not what, and goes on to show the last
 * values.
 */
export class GuardedCallbacks {
  readonly #logger: Logger;
  readonly #timeoutMs: number;
  readonly #callbacks = new Set<GuardedCallback>();
  readonly #instruments = new WeakMap<Observable, Instrument>();
  readonly #meters = new WeakSet<Meter>();
  readonly #byCall = new WeakMap<object, GuardedCallback>();
  readonly #failures = new Map<string, number>();
  /** The keys of gauges that observe NaN for what has no value. */
  readonly #withoutNaN = new Set<string>();

  /**
   * @param logger where failures are logged, backing off
   * @param timeoutMs how long a callback may take
   */
  constructor(logger: Logger, timeoutMs: number) {
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
  }

  /** How many calls failed, by the metric that was left out. */
  get failures(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#failures);
  }

  /** Has all callbacks of a provider's meters go through here. */
  guard(provider: MeterProvider): void {
    const getMeter = provider.getMeter.bind(provider);
    provider.getMeter = (...args: Parameters<ApiMeterProvider["getMeter"]>) => {
      const meter = getMeter(...args) as Meter;
      const [name, version = "", { schemaUrl = "" } = {}] = args;
      this.#guardMeter(meter, { name: typeof name === "string" ? name : "", version, schemaUrl });
      return meter as ReturnType<MeterProvider["getMeter"]>;
    };
  }

  /**
   * What was collected, without what could not be read.
   *
   * @param errors what the reader says of the collection
   * @throws {AggregateError} errors of other sources
   */
  leaveOutFailed(
    { resource, scopeMetrics }: ResourceMetrics,
    errors: readonly unknown[],
  ): ResourceMetrics {
    const others = errors.filter((error) => !(error instanceof CallbackError));
    if (others.length > 0) throw new AggregateError(others, "Cannot collect metrics");
    const failed = new Set(
      [...this.#callbacks].filter((callback) => callback.failed)
        .flatMap(({ instruments }) => instruments.map(({ key }) => key)),
    );
    const withoutNaN = this.#withoutNaN;
    if (failed.size === 0 && withoutNaN.size === 0) return { resource, scopeMetrics };
    return {
      resource,
      scopeMetrics: scopeMetrics.map(({ scope, metrics }) => ({
        scope,
        metrics: metrics.flatMap((metric) => {
          const key = keyOf(scope, metric.descriptor.name);
          if (failed.has(key)) return [];
          return withoutNaN.has(key) ? withoutNaNs(metric) : [metric];
        }),
      })),
    };
  }

  #guardMeter(meter: Meter, scope: ScopeMetrics["scope"]): void {
    if (this.#meters.has(meter)) return;
    this.#meters.add(meter);
    for (
      const create of [
        "createObservableCounter",
        "createObservableGauge",
        "createObservableUpDownCounter",
      ] as const
    ) {
      const original = meter[create].bind(meter);
      meter[create] = (name, options) => {
        const instrument = original(name, options) as Observable;
        this.#guardInstrument(instrument, { name, key: keyOf(scope, name) });
        return instrument;
      };
    }
    const known: { callback: BatchCallback; observables: Observable[]; guarded: BatchCallback }[] =
      [];
    const find = (callback: BatchCallback, observables: Observable[]) =>
      known.findIndex((one) =>
        one.callback === callback && one.observables.length === observables.length &&
        one.observables.every((observable) => observables.includes(observable))
      );
    const add = meter.addBatchObservableCallback.bind(meter);
    const remove = meter.removeBatchObservableCallback.bind(meter);
    meter.addBatchObservableCallback = (callback, observables) => {
      if (find(callback, observables) >= 0) return;
      const instruments = observables.flatMap((one) => this.#instruments.get(one) ?? []);
      const guarded = this.#guarded(callback, instruments);
      known.push({ callback, observables: [...observables], guarded: guarded.call });
      add(guarded.call, observables);
    };
    meter.removeBatchObservableCallback = (callback, observables) => {
      const index = find(callback, observables);
      const [found] = index < 0 ? [] : known.splice(index, 1);
      if (found === undefined) return;
      remove(found.guarded, observables);
      this.#forget(found.guarded);
    };
  }

  #guardInstrument(instrument: Observable, described: Instrument): void {
    this.#instruments.set(instrument, described);
    observablesWithoutNaN.add(instrument);
    const known = new Map<Callback, Callback>();
    const add = instrument.addCallback.bind(instrument);
    const remove = instrument.removeCallback.bind(instrument);
    instrument.addCallback = (callback) => {
      if (known.has(callback)) return;
      if (readObservables.has(instrument)) this.#withoutNaN.add(described.key);
      const { call } = this.#guarded(callback, [described]);
      known.set(callback, call);
      add(call);
    };
    instrument.removeCallback = (callback) => {
      const call = known.get(callback);
      if (call === undefined) return;
      known.delete(callback);
      remove(call);
      this.#forget(call);
    };
  }

  #guarded<Result>(
    callback: (result: Result) => void | Promise<void>,
    instruments: readonly Instrument[],
  ): { call: (result: Result) => Promise<void> } {
    const guarded = new GuardedCallback(instruments);
    this.#callbacks.add(guarded);
    const call = async (result: Result) => {
      let why: string | undefined;
      try {
        why = await this.#inTime(callback(result));
      } catch (error) {
        why = errorText(error);
      }
      guarded.failed = why !== undefined;
      if (why === undefined) return;
      this.#count(guarded, why);
      throw new CallbackError(why);
    };
    this.#byCall.set(call, guarded);
    return { call };
  }

  /** @returns what to say if a callback did not end in time */
  async #inTime(called: void | Promise<void>): Promise<string | undefined> {
    if (called === undefined) return undefined;
    const deadline = new Deadline(this.#timeoutMs);
    try {
      if (await deadline.waitFor(Promise.resolve(called))) return undefined;
    } finally {
      deadline.clear();
    }
    return `it took longer than ${this.#timeoutMs} ms`;
  }

  #forget(call: object): void {
    const guarded = this.#byCall.get(call);
    if (guarded !== undefined) this.#callbacks.delete(guarded);
  }

  #count({ instruments, backoff }: GuardedCallback, why: string): void {
    for (const { name } of instruments) {
      this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
    }
    if (!backoff.due(monotonicMs())) return;
    const names = instruments.map(({ name }) => JSON.stringify(name)).join(", ");
    const what = instruments.length === 1 ? `the metric ${names}` : `the metrics ${names}`;
    report(this.#logger, `Cannot read ${what}, left out of the scrape: ${why}`);
  }
}

/** A metric without points that have no value; without points there is none. */
function withoutNaNs(metric: ScopeMetrics["metrics"][number]): ScopeMetrics["metrics"] {
  const dataPoints = metric.dataPoints as { readonly value: unknown }[];
  const valid = dataPoints.filter(({ value }) => !Number.isNaN(value));
  return valid.length === 0 ? [] : [{ ...metric, dataPoints: valid } as typeof metric];
}

function keyOf({ name, version, schemaUrl }: ScopeMetrics["scope"], instrument: string): string {
  return JSON.stringify([name, version ?? "", schemaUrl ?? "", instrument.toLowerCase()]);
}
