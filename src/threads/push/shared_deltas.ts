import type { ScopeMetrics } from "@opentelemetry/sdk-metrics";
import { monotonicMs, wallMs } from "../../internal/clocks.ts";
import type { Logger } from "../../internal/logger.ts";
import { report } from "../../internal/reporting.ts";
import { inSlices } from "../../internal/slices.ts";
import { pause } from "../../internal/timers.ts";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import type { DeltaSource, TakenDeltas } from "../../otel/delta/delta_source.ts";
import { toMetricData } from "../../otel/metrics/metric_producer.ts";
import type { SendGate } from "../../otel/otlp/send_gate.ts";
import { toHrTime } from "../../subscribers/hr_time.ts";
import type { CollectedMetric } from "../../subscribers/metrics/series.ts";
import { HUNG_MS } from "../membership/roster.ts";
import { HEADER } from "../memory/format.ts";
import { foldedOf } from "../memory/ledger.ts";
import { type HeldNumbers, type IsGone, SentMarks } from "../memory/sent_marks.ts";
import { PHASES } from "../memory/sent_state.ts";
import type { ThreadMemory } from "../memory/thread_memory.ts";
import type { Deductions, Member } from "../memory/thread_totals.ts";
import { pointsInDoubt } from "./points_in_doubt.ts";

/** How often who pushes looks whether others let numbers go, and how long it waits between, in ms. */
const LOOKS = 25;
const LOOK_MS = 10;

/** What {@linkcode SharedDeltas} is made of. */
export interface SharedDeltasOptions {
  /** This thread's own memory. */
  readonly memory: ThreadMemory;
  readonly members: () => readonly Member[];
  /** Whether this thread pushes for all; it may wait for that. */
  readonly pushes: () => boolean | Promise<boolean>;
  /** Whether it still does. */
  readonly hasRole: () => boolean;
  /** What all have counted, without what was pushed, which was until then. */
  readonly collect: (deductions: Deductions, sinceMs: number) => Promise<CollectedMetric[]>;
  /** Which counters and histograms are pushed as deltas. */
  readonly isDelta: Deductions["deducts"];
  readonly deductsLedger: boolean;
  readonly logger: Logger;
  /** Milliseconds since the epoch. Default: the runtime's own. */
  readonly now?: (() => number) | undefined;
}

/** What is being pushed. */
interface Push {
  /** The numbers of all threads that have something to push. */
  held: HeldNumbers[];
  /** Whether a receiver has taken some of it. */
  hasAccepted: boolean;
}

/**
 * The deltas of all threads, pushed by one of them at a time. How much of a thread's numbers has been sent
 * stands beside them: another thread goes on from there, whatever has become of this one.
 *
 * - **Never twice** for a thread's sake: right before each request the thread says in all memories that
 *   it sends, which it cannot once another has taken over.
 * - **In doubt, not again**: of a thread that ended or hung between a request and its response, nobody
 *   knows whether it arrived. Most have, so it counts as sent; it is logged and counted.
 */
export class SharedDeltas implements DeltaSource, SendGate {
  readonly #options: SharedDeltasOptions;
  readonly #own: number;
  /** Owners that are not known, and since when, by the monotonic clock. */
  readonly #strangers = new Map<number, number>();
  #push: Push | undefined;
  /** How many data points may have arrived or not, of threads that ended or hung. */
  inDoubt = 0;

  constructor(options: SharedDeltasOptions) {
    this.#options = options;
    this.#own = firstWord(options.memory);
    Atomics.store(options.memory.int32, HEADER.pushesDeltas, 1);
  }

  get hasHeirs(): boolean {
    const { memory: { incarnation } } = this.#options;
    return this.#alike().some(({ memory, state }) =>
      state === "alive" && memory.incarnation !== incarnation &&
      Atomics.load(memory.int32, HEADER.pushesDeltas) === 1
    );
  }

  /** The threads of the same catalog. */
  #alike(): readonly Member[] {
    const { memory: { catalogHash }, members } = this.#options;
    return members().filter(({ memory }) => memory.catalogHash === catalogHash);
  }

  /** Takes hold of the numbers of all threads. @throws {Error} if another thread takes over meanwhile */
  async take(): Promise<TakenDeltas | undefined> {
    const { pushes, collect, now = wallMs } = this.#options;
    if (!await pushes()) return undefined;
    const held = new Map<string, HeldNumbers>();
    try {
      await this.#hold(held);
      await this.#tellDoubt([...held.values()]);
      const sinceMs = Math.max(
        0,
        ...this.#alike().map(({ memory }) => new SentMarks(memory).untilMs),
      );
      const collected = await collect(this.#deductionsOf(held), sinceMs);
      const endMs = now();
      const scopeMetrics = await this.#toScopeMetrics(collected, { sinceMs, endMs });
      const push = this.#push = { held: leaveOutUnchanged(held, endMs), hasAccepted: false };
      return { scopeMetrics, end: (isAccepted) => this.#end(push, isAccepted) };
    } catch (error) {
      for (const one of held.values()) one.release();
      throw error;
    }
  }

  open(): string | undefined {
    const push = this.#push;
    if (push === undefined) return undefined;
    const refusal = "another thread pushes what all have counted";
    if (!push.hasAccepted && !this.#options.hasRole()) return refusal;
    if (push.held.every((one) => one.send())) return undefined;
    this.close(false);
    return refusal;
  }

  close(isAccepted: boolean): void {
    const push = this.#push;
    if (push === undefined) return;
    if (isAccepted) push.hasAccepted = true;
    // Of a push in several requests, what has arrived is not told apart from the rest.
    if (!push.hasAccepted) push.held.forEach((one) => one.takeBack());
  }

  #end(push: Push, isAccepted: boolean): void {
    this.#push = undefined;
    for (const one of push.held) {
      if (isAccepted || push.hasAccepted) one.commit();
      else one.release();
    }
  }

  /** Those that somebody else holds are waited for for a moment, and then come with the next push. */
  async #hold(held: Map<string, HeldNumbers>): Promise<void> {
    const { signal } = new AbortController();
    for (let left = LOOKS;; left--) {
      if (this.#holdFree(held) || left === 0) return;
      await pause(LOOK_MS, signal);
    }
  }

  /** @returns whether it holds all of them now */
  #holdFree(held: Map<string, HeldNumbers>): boolean {
    const all = this.#alike();
    const folded = foldedOf(all.map(({ memory }) => memory));
    const isGone = this.#judge(all);
    let isComplete = true;
    for (const { memory } of all) {
      const { incarnation } = memory;
      if (folded.has(incarnation) || held.has(incarnation)) continue;
      const one = new SentMarks(memory).hold(this.#own, isGone);
      if (one === undefined) isComplete = false;
      else held.set(incarnation, one);
    }
    return isComplete;
  }

  #judge(members: readonly Member[]): IsGone {
    return (owner, phase) => {
      // Nothing of its own is under way.
      if (owner === this.#own) return true;
      const state = members.find(({ memory }) => firstWord(memory) === owner)?.state;
      if (phase === PHASES.folding) return state === "dead";
      if (state !== undefined) return state !== "alive";
      const sinceMs = this.#strangers.get(owner) ?? monotonicMs();
      this.#strangers.set(owner, sinceMs);
      return monotonicMs() - sinceMs >= HUNG_MS;
    };
  }

  async #tellDoubt(held: readonly HeldNumbers[]): Promise<void> {
    const inDoubt = held.filter((one) => one.isInDoubt);
    if (inDoubt.length === 0) return;
    const points = await inSlices(pointsInDoubt(inDoubt));
    this.inDoubt += points;
    report(
      this.#options.logger,
      `a thread ended or hung while it pushed what all have counted: whether ${points} data points ` +
        "have arrived is not known, and they are not pushed again",
    );
  }

  #deductionsOf(held: ReadonlyMap<string, HeldNumbers>): Deductions {
    const { isDelta, deductsLedger } = this.#options;
    return {
      deducts: isDelta,
      deductsLedger,
      of: ({ incarnation }, cellsEnd) => {
        const one = held.get(incarnation);
        if (one === undefined) return undefined;
        assertHeld(one);
        one.prepare(cellsEnd);
        return {
          deduct: (instrument, base, read) => {
            assertHeld(one);
            return one.deduct(instrument, base, read);
          },
          deductLedger: (ledger) => one.deductLedger(ledger),
        };
      },
    };
  }

  async #toScopeMetrics(
    collected: readonly CollectedMetric[],
    { sinceMs, endMs }: { readonly sinceMs: number; readonly endMs: number },
  ): Promise<ScopeMetrics[]> {
    const { isDelta } = this.#options;
    const deltas = new Set<CollectedMetric>();
    const timed = collected.map((metric) => {
      if (!isDelta(metric)) return metric;
      const startTimeMs = Math.min(Math.max(metric.startTimeMs, sinceMs), endMs);
      const delta = { ...metric, startTimeMs } as CollectedMetric;
      deltas.add(delta);
      return delta;
    });
    const metrics = await inSlices(
      toMetricData(timed, { endTime: toHrTime(endMs), isDelta: (metric) => deltas.has(metric) }),
    );
    return metrics.length === 0 ? [] : [{ scope: { name: DEFAULT_SCOPE_NAME }, metrics }];
  }
}

/**
 * Those that have something to send; the others are let go at once.
 *
 * @throws {Error} if another thread has taken over
 */
function leaveOutUnchanged(held: ReadonlyMap<string, HeldNumbers>, endMs: number): HeldNumbers[] {
  return [...held.values()].filter((one) => {
    assertHeld(one);
    if (!one.hasChanged) one.release();
    else one.untilMs = endMs;
    return one.hasChanged;
  });
}

/**
 * To be asked before anything is written of them, with nothing awaited between.
 *
 * @throws {Error} if another thread has taken over
 */
function assertHeld(one: HeldNumbers): void {
  if (!one.isHeld) throw new Error("another thread has taken over");
}

function firstWord({ int32 }: ThreadMemory): number {
  return (int32[HEADER.incarnation] as number) >>> 0;
}
