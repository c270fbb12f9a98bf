import { format } from "../internal/arguments.ts";
import { wallMs } from "../internal/clocks.ts";
import type { Logger } from "../internal/logger.ts";
import { ReportOnce } from "../internal/report_once.ts";
import { errorText, report } from "../internal/reporting.ts";
import { inSlices, type Steps } from "../internal/slices.ts";
import type { EventBus } from "../library/event_bus.ts";
import type { MetricsMirror } from "../subscribers/metrics/mirror.ts";
import type { CollectedMetric } from "../subscribers/metrics/series.ts";
import type { Meter } from "../subscribers/otel_api.ts";
import { catalogHash, memorySizeOf, type Metrics } from "./catalog_hash.ts";
import { LEDGER_METRICS, ledgerMetrics, threadsMetric } from "./ledger_metrics.ts";
import { type JoinOptions, joinThreads, type Membership } from "./membership/join_threads.ts";
import { BusLedger } from "./memory/bus_ledger.ts";
import { Folder } from "./memory/fold.ts";
import { HEADER } from "./memory/format.ts";
import { foldedOf } from "./memory/ledger.ts";
import { MemoryWriter } from "./memory/memory_writer.ts";
import {
  createThreadMemory,
  openThreadMemory,
  type ThreadMemory,
  WORDS,
} from "./memory/thread_memory.ts";
import {
  type Deductions,
  isCumulative,
  type Member,
  ThreadTotals,
} from "./memory/thread_totals.ts";
import { SharedDeltas, type SharedDeltasOptions } from "./push/shared_deltas.ts";
import { SharedMeter } from "./shared_meter.ts";

/** How many dead memories are kept; of more, the oldest is taken over into another one. */
export const MAX_DEAD_MEMORIES = 64;
/** Of so many heartbeats, one refreshes what is read rather than counted: about one a second. */
const BEATS_PER_REFRESH = 4;

/** A thread that was terminated is still taken for one that lives at two of those, or three. */
const MAX_REFRESHES_WITH_NAMESAKE = 4;

/** What {@linkcode SharedMetrics} is made of. */
export interface SharedMetricsOptions<Events extends object> {
  readonly bus: EventBus<Events>;
  readonly metrics: Metrics;
  /** Which threads belong together. */
  readonly group: string;
  /** What this thread is called. */
  readonly name: string | undefined;
  /** Whether the bus's policy may be `"drop-oldest"`. */
  readonly mayEvict: boolean;
  /** The prefix of the bus's own metrics. */
  readonly prefix: string;
  /** Where instruments go that are of the process, not of a thread. */
  readonly processMeter: Meter;
  readonly logger: Logger;
  readonly onRole?: JoinOptions<ThreadMemory>["onRole"];
  readonly roles?: JoinOptions<ThreadMemory>["roles"];
  readonly keeper?: JoinOptions<ThreadMemory>["keeper"];
}

/** The metrics of all threads of a process, as each of them can tell. */
export class SharedMetrics<Events extends object = object> implements Disposable {
  /** Where the instruments of the catalog's metrics are shown. */
  readonly mirror: MetricsMirror;
  /** Where instruments go that tell of a thread or a process. */
  readonly meter: Meter;
  /** To be registered after those whose sums it shows. */
  readonly ledger: BusLedger;
  /** The threads. */
  readonly membership: Membership<ThreadMemory>;
  readonly #writer: MemoryWriter;
  readonly #totals: ThreadTotals;
  readonly #folder: Folder;
  readonly #options: SharedMetricsOptions<Events>;
  readonly #reports: ReportOnce;
  readonly #attached: Disposable;
  readonly #startTimeMs: number = wallMs();
  readonly #sharedMeter: SharedMeter;
  #beats = 0;
  #refreshesWithNamesake = 0;
  #isFolding = false;

  /**
   * Reserves the thread's memory, and makes it known to the others.
   *
   * @throws {ReferenceError} if there is no SharedArrayBuffer
   * @throws {Error} if there is no channel between threads
   */
  constructor(options: SharedMetricsOptions<Events>) {
    this.#options = options;
    const { bus, metrics, prefix, group, name, logger, onRole, roles, keeper } = options;
    this.#reports = new ReportOnce(logger);
    const hash = catalogHash(metrics, prefix);
    const memory = createThreadMemory(hash, memorySizeOf(metrics));
    const writer = this.#writer = new MemoryWriter(memory);
    this.mirror = writer;
    this.#totals = new ThreadTotals(hash);
    this.#sharedMeter = new SharedMeter(writer);
    this.meter = routed(options, this.#sharedMeter.asMeter());
    this.ledger = new BusLedger(bus as unknown as EventBus<object>, writer, options.mayEvict);
    this.#folder = new Folder(writer, this.ledger);
    this.membership = joinThreads({
      memory,
      group,
      name,
      open: openThreadMemory,
      logger,
      onHeartbeat: () => this.#onHeartbeat(),
      onRole,
      roles,
      keeper,
    });
    this.#attached = this.ledger.attach();
  }

  /** What all threads have counted. It asks none of them, and waits for none. */
  collect(): Promise<CollectedMetric[]> {
    return this.#collect();
  }

  async #collect(deductions?: Deductions, sinceMs = 0): Promise<CollectedMetric[]> {
    this.#writer.refresh();
    this.ledger.commit();
    const totals = await inSlices(this.#totals.collect(() => this.#members(), deductions));
    const members = this.#members();
    this.#tellOthers(totals.others);
    const { prefix } = this.#options;
    const hash = this.#writer.memory.catalogHash;
    const ledger = deductions?.deductsLedger && sinceMs > 0
      ? withoutZeros(ledgerMetrics(prefix, totals.ledger, sinceMs))
      : ledgerMetrics(prefix, totals.ledger, this.#startTimeMs);
    return [
      ...totals.metrics,
      ...ledger,
      threadsMetric(prefix, members, hash, this.#startTimeMs),
    ];
  }

  /** What is pushed as deltas, of all threads, by whichever has that role. */
  deltas({ preference, pushes }: DeltaPushOptions): SharedDeltas {
    const { observedCounters } = this.#sharedMeter;
    const { prefix, logger } = this.#options;
    for (const name of LEDGER_METRICS) observedCounters.add(`${prefix}.${name}`);
    const isOfLowMemory = preference === "lowmemory";
    return new SharedDeltas({
      memory: this.#writer.memory,
      members: () => this.#members(),
      pushes,
      hasRole: () => this.membership.has("push"),
      collect: (deductions, sinceMs) => this.#collect(deductions, sinceMs),
      isDelta: (metric) =>
        isCumulative(metric) && !(isOfLowMemory && observedCounters.has(metric.name)),
      deductsLedger: !isOfLowMemory,
      logger,
    });
  }

  /** A name of all threads together, the same in each of them once they have met: a UUID. */
  get groupId(): string {
    const { oldest } = this.membership;
    const hash = this.#writer.memory.catalogHash;
    const [a, b, c] = [oldest.slice(0, 8), oldest.slice(8, 12), oldest.slice(12, 15)];
    return `${a}-${b}-8${c}-8${oldest.slice(15)}${hash.slice(0, 2)}-${hash.slice(2, 14)}`;
  }

  /** Whether this thread is the worker of another one. */
  get isKept(): boolean {
    return this.#options.keeper !== undefined;
  }

  /** Which threads belong together. */
  get group(): string {
    return this.#options.group;
  }

  /** Which memory this thread's is. */
  get incarnation(): string {
    return this.#writer.memory.incarnation;
  }

  #members(): readonly Member[] {
    return this.membership.members();
  }

  #tellOthers(count: number): void {
    if (count === 0) return;
    this.#reports.report(
      "another thread of this service has a catalog with other metrics: threads of one catalog are " +
        "summed, each kind for itself",
    );
  }

  #onHeartbeat(): void {
    this.#fold();
    if (this.#beats++ % BEATS_PER_REFRESH !== 0) return;
    this.#writer.refresh();
    this.ledger.commit();
    this.#tellNamesake();
  }

  /** Gauges of threads that are named alike hide each other. */
  #tellNamesake(): void {
    const { name } = this.#options;
    const [own, ...others] = this.#members();
    const isThere = name !== undefined &&
      others.some((other) =>
        other.name === own?.name && other.state === "alive" &&
        other.memory.catalogHash === own.memory.catalogHash
      );
    this.#refreshesWithNamesake = isThere ? this.#refreshesWithNamesake + 1 : 0;
    if (this.#refreshesWithNamesake < MAX_REFRESHES_WITH_NAMESAKE) return;
    this.#reports.report(
      `threads.name: must be no other thread's, received ${
        format(name)
      }: of gauges that each thread ` +
        "has for itself, one of theirs is shown",
    );
  }

  /** Takes over what too many dead have counted, the oldest first; lets go what others took over. */
  #fold(): void {
    const { memory } = this.#writer;
    const members = this.#members();
    const folded = foldedOf(members.map((member) => member.memory));
    for (const { memory: { incarnation } } of members) {
      if (incarnation !== memory.incarnation && folded.has(incarnation)) {
        this.membership.forget(incarnation);
      }
    }
    if (folded.has(memory.incarnation)) {
      this.#reports.report(
        "this thread was silent for so long that others took it for dead, with many more: what it " +
          "counts from now on is not shown",
      );
    }
    const dead = members.filter((member) =>
      member.state === "dead" && member.memory.catalogHash === memory.catalogHash &&
      !folded.has(member.memory.incarnation)
    );
    const hasEnded = (firstWord: number) =>
      dead.some(({ memory }) => (memory.int32[HEADER.incarnation] as number) >>> 0 === firstWord);
    this.#letGo(members);
    if (dead.length <= MAX_DEAD_MEMORIES || this.#isFolding) return;
    this.#isFolding = true;
    const tell = (error: unknown) =>
      report(this.#options.logger, `Cannot keep what a thread has counted: ${errorText(error)}`);
    inSlices(this.#foldAll(dead.map((member) => member.memory), hasEnded)).catch(tell).finally(() =>
      this.#isFolding = false
    );
  }

  /** The oldest, until as many are left as are kept; one that cannot be taken over now holds up none. */
  *#foldAll(
    dead: readonly ThreadMemory[],
    hasEnded: (firstWord: number) => boolean,
  ): Steps<void> {
    const heartbeatOf = ({ words }: ThreadMemory) => Atomics.load(words, WORDS.heartbeat);
    const heartbeats = dead.map(heartbeatOf);
    let excess = dead.length - MAX_DEAD_MEMORIES;
    for (const [i, memory] of dead.entries()) {
      if (excess <= 0) return;
      // It may run again, though it was silent for long.
      if (heartbeatOf(memory) !== heartbeats[i]) continue;
      const isFolded = yield* this.#folder.fold(memory, hasEnded);
      if (isFolded) {
        excess--;
        this.membership.forget(memory.incarnation);
      }
      yield;
    }
  }

  /** Of catalogs that no thread has any more, nobody takes over what the dead have counted. */
  #letGo(members: readonly Member[]): void {
    const living = new Set(
      members.filter(({ state }) => state !== "dead").map(({ memory }) => memory.catalogHash),
    );
    const left = members.filter(({ memory }) => !living.has(memory.catalogHash));
    for (const { memory } of left.slice(0, -MAX_DEAD_MEMORIES)) {
      this.membership.forget(memory.incarnation);
    }
  }

  /** Says goodbye: what was counted stays known to the others. */
  [Symbol.dispose](): void {
    this.ledger.commit();
    this.#attached[Symbol.dispose]();
    this.membership[Symbol.dispose]();
  }
}

/** What is pushed as deltas, and by whom. */
export interface DeltaPushOptions extends Pick<SharedDeltasOptions, "pushes"> {
  readonly preference: "delta" | "lowmemory";
}

/** What has not changed needs no delta. */
function withoutZeros(metrics: readonly CollectedMetric[]): CollectedMetric[] {
  return metrics.map((metric) =>
    metric.kind === "histogram"
      ? metric
      : { ...metric, points: metric.points.filter(({ value }) => value !== 0) }
  );
}

/**
 * A meter for what is told of a thread, of its process, or of the ledgers: those are summed from the
 * memories, and what is of the process each thread says alike.
 */
function routed<Events extends object>(
  { prefix, processMeter }: SharedMetricsOptions<Events>,
  shared: Meter,
): Meter {
  const ledgers = new Set(LEDGER_METRICS.map((name) => `${prefix}.${name}`));
  const ofProcess = new WeakSet<object>();
  const route = (create: keyof Meter) => (...args: unknown[]) => {
    const name = String(args[0]);
    if (ledgers.has(name)) return UNUSED;
    const isOfProcess = name.startsWith("process.");
    const meter = isOfProcess ? processMeter : shared;
    const instrument = (meter[create] as (...args: unknown[]) => object).apply(meter, args);
    if (isOfProcess) ofProcess.add(instrument);
    return instrument;
  };
  /** Each meter reads its own instruments. */
  const split = (observables: Observables) =>
    [
      [processMeter, observables.filter((one) => ofProcess.has(one))],
      [shared, observables.filter((one) => !ofProcess.has(one))],
    ] as const;
  return {
    createGauge: route("createGauge"),
    createCounter: route("createCounter"),
    createUpDownCounter: route("createUpDownCounter"),
    createHistogram: route("createHistogram"),
    createObservableGauge: route("createObservableGauge"),
    createObservableCounter: route("createObservableCounter"),
    createObservableUpDownCounter: route("createObservableUpDownCounter"),
    addBatchObservableCallback: (callback, observables) => {
      for (const [meter, some] of split(observables)) {
        if (some.length > 0) meter.addBatchObservableCallback(callback, some);
      }
    },
    removeBatchObservableCallback: (callback, observables) => {
      for (const [meter, some] of split(observables)) {
        if (some.length > 0) meter.removeBatchObservableCallback(callback, some);
      }
    },
  } as Meter;
}

type Observables = Parameters<Meter["addBatchObservableCallback"]>[1];

/** An instrument that nobody reads. */
const UNUSED = {
  addCallback: () => {},
  removeCallback: () => {},
};
