import type { DataPoint } from "@opentelemetry/sdk-metrics";
import { inSlices } from "../../src/internal/slices.ts";
import { nextTurn } from "../../src/internal/turns.ts";
import { Folder } from "../../src/threads/memory/fold.ts";
import { HEADER } from "../../src/threads/memory/format.ts";
import { foldedOf } from "../../src/threads/memory/ledger.ts";
import { PHASES, SentStateWord } from "../../src/threads/memory/sent_state.ts";
import { isCumulative, type Member, ThreadTotals } from "../../src/threads/memory/thread_totals.ts";
import { SharedDeltas } from "../../src/threads/push/shared_deltas.ts";
import type { TakenDeltas } from "../../src/otel/delta/delta_source.ts";
import { MemoryLogger } from "@busbar/busbar/testing";
import { FakeThread, SAME_CATALOG } from "./thread_memories.ts";

/** What becomes of a request. */
export type Fate = "accepted" | "refused";

/** Where a thread ends. */
export type Death = "before" | "after";

/** Values of series by the text of their attributes. */
type Values = Map<string, number>;

/** A request that is on the way. */
interface Request {
  readonly values: Values;
  /** From when to when its deltas are. */
  readonly interval: Interval | undefined;
  readonly held: readonly SentStateWord[];
  fate: Fate | undefined;
}

interface Interval {
  readonly start: number;
  readonly end: number;
}

/** A thread that goes on only where the test says so. */
interface PushingThread {
  readonly fake: FakeThread;
  readonly deltas: SharedDeltas;
  readonly folder: Folder;
  /** Whom it has met. */
  readonly knows: Set<FakeThread>;
  /** It ends amid the next fold, before or after that shows. */
  diesAtFold: Death | undefined;
  isKilled: boolean;
  /** Continues what it is at. */
  resume: (() => void) | undefined;
  isBusy: boolean;
  /** What is on the way, until it is known what became of it. */
  onTheWay: Request | undefined;
}

/**
 * Threads that count, push what all have counted, hang, go on, and end, step by step. A request arrives
 * or it does not; what was counted is compared with what has arrived.
 */
export class PushingWorld {
  readonly threads: PushingThread[] = [];
  readonly logger = new MemoryLogger();
  readonly counted: Values = new Map();
  readonly received: Values = new Map();
  /** What was on the way when its thread was replaced, and did not arrive. */
  readonly lost: Values = new Map();
  /** The same, where only some of the threads' numbers were taken away. */
  readonly perhapsLost: Values = new Map();
  /** From when to when the pushes were that have arrived. */
  readonly intervals: Interval[] = [];
  #nowMs = 1_000;
  #pusher: PushingThread | undefined;

  start(): PushingThread {
    const fake = new FakeThread(`thread ${this.threads.length}`);
    const totals = new ThreadTotals(SAME_CATALOG);
    const thread: PushingThread = {
      fake,
      knows: new Set([fake]),
      diesAtFold: undefined,
      folder: new Folder(fake.writer, {
        isAmidEvent: false,
        commit: () => {
          if (thread.diesAtFold !== "before") fake.writer.commit();
          if (thread.diesAtFold !== undefined) throw new Error("it has ended");
        },
      }),
      isKilled: false,
      resume: undefined,
      isBusy: false,
      onTheWay: undefined,
      deltas: new SharedDeltas({
        memory: fake.writer.memory,
        members: () => this.#membersFor(thread),
        pushes: () => this.#acquire(thread),
        hasRole: () => this.#pusher === thread,
        collect: async (deductions) => {
          const steps = totals.collect(() => this.#membersFor(thread), deductions);
          for (;;) {
            await this.#pause(thread);
            const step = steps.next();
            if (step.done) return step.value.metrics;
          }
        },
        isDelta: isCumulative,
        deductsLedger: true,
        logger: this.logger,
        now: () => this.#nowMs++,
      }),
    };
    this.threads.push(thread);
    return thread;
  }

  /** Has a thread meet all that there are. */
  meet(thread: PushingThread): void {
    for (const { fake } of this.threads) thread.knows.add(fake);
  }

  /** To itself a thread lives. */
  #membersFor({ fake, knows }: PushingThread): Member[] {
    return [...knows].map(({ member }) =>
      member === fake.member ? { ...member, state: "alive" } : member
    );
  }

  #acquire(thread: PushingThread): boolean {
    const isFree = this.#pusher === undefined || this.#pusher.fake.member.state !== "alive";
    if (isFree) this.#pusher = thread;
    return this.#pusher === thread;
  }

  #pause(thread: PushingThread): Promise<void> {
    return new Promise((resolve) => thread.resume = resolve);
  }

  /** How many pushes that have arrived are partly of the same time. */
  get overlaps(): number {
    const sorted = this.intervals.toSorted((a, b) => a.end - b.end);
    return sorted.filter(({ start }, i) => i > 0 && start < sorted[i - 1]!.end).length;
  }

  isFolded({ fake }: PushingThread): boolean {
    return foldedOf(this.threads.map(({ fake }) => fake.member.memory))
      .has(fake.member.memory.incarnation);
  }

  count(thread: PushingThread, series: number, value: number): void {
    if (thread.isKilled || this.isFolded(thread)) return;
    thread.fake.count(value, { series });
    thread.fake.add({ name: "took", kind: "histogram", bounds: [10] }, { series }, (cells) => {
      cells[0]! += value;
      cells[1]! += value;
      cells[4]! += value;
    });
    thread.fake.writer.commit();
    for (const name of ["hits", "took"]) add(this.counted, `${name} ${series}`, value);
  }

  /** Has it take the role if nobody has it, as its heartbeat does. */
  beat(thread: PushingThread): void {
    this.#acquire(thread);
  }

  /** Lets a thread do the next step of its push, or begin one. */
  async step(thread: PushingThread, fate: Fate): Promise<void> {
    if (thread.isKilled || thread.fake.member.state === "hung") return;
    this.beat(thread);
    const { onTheWay, resume } = thread;
    if (onTheWay !== undefined) onTheWay.fate ??= fate;
    if (thread.isBusy) {
      thread.resume = undefined;
      resume?.();
    } else {
      thread.isBusy = true;
      this.#push(thread).finally(() => thread.isBusy = false);
    }
    await this.#settle(thread);
  }

  /** Lets a thread push, or go on with what it pushes, to the end. */
  async push(thread: PushingThread, fate: Fate = "accepted"): Promise<void> {
    do await this.step(thread, fate); while (thread.isBusy && thread.fake.member.state !== "hung");
  }

  /** Lets a thread push until its request is on the way. */
  async send(thread: PushingThread): Promise<void> {
    do await this.step(thread, "accepted"); while (thread.onTheWay === undefined);
    thread.onTheWay.fate = undefined;
  }

  /** Until it pauses again, or is through. */
  async #settle(thread: PushingThread): Promise<void> {
    while (thread.isBusy && thread.resume === undefined) {
      await new Promise<void>(nextTurn);
    }
  }

  async #push(thread: PushingThread): Promise<void> {
    const { deltas } = thread;
    let taken: TakenDeltas | undefined;
    try {
      taken = await deltas.take();
    } catch {
      return;
    }
    if (taken === undefined) return;
    // The body is made.
    await this.#pause(thread);
    if (deltas.open() !== undefined) return taken.end(false);
    const onTheWay: Request = thread.onTheWay = {
      values: valuesOf(taken),
      interval: intervalOf(taken),
      held: this.#heldBy(thread),
      fate: undefined,
    };
    await this.#pause(thread);
    const isAccepted = onTheWay.fate === "accepted";
    if (isAccepted) this.#receive(onTheWay);
    // It has its response.
    await this.#pause(thread);
    thread.onTheWay = undefined;
    // Another one took it for hung: the numbers that it has taken away count as sent.
    const replaced = onTheWay.held.filter((word) => !isHeld(word, thread));
    if (!isAccepted && replaced.length > 0) {
      const isAll = replaced.length === onTheWay.held.length;
      this.#lose(isAll ? this.lost : this.perhapsLost, onTheWay.values);
    }
    deltas.close(isAccepted);
    await this.#pause(thread);
    taken.end(isAccepted);
  }

  /** Of which threads it says that it sends their numbers. */
  #heldBy(thread: PushingThread): SentStateWord[] {
    return this.threads.map(({ fake }) => new SentStateWord(fake.member.memory))
      .filter((word) => isHeld(word, thread));
  }

  /** Ends a thread without a word. */
  kill(thread: PushingThread, fate: Fate): void {
    if (thread.isKilled) return;
    thread.isKilled = true;
    thread.isBusy = false;
    thread.fake.member.state = "dead";
    const { onTheWay } = thread;
    if (onTheWay === undefined) return;
    const isUndecided = onTheWay.fate === undefined;
    onTheWay.fate ??= fate;
    if (onTheWay.fate === "refused") this.#lose(this.lost, onTheWay.values);
    else if (isUndecided) this.#receive(onTheWay);
  }

  /** Takes a thread over that is dead. @param dies whether it ends right before that shows, or after it */
  async fold(thread: PushingThread, dead: PushingThread, dies?: Death): Promise<void> {
    const { fake: { member } } = dead;
    if (thread.isKilled || thread.fake.member.state !== "alive" || !thread.knows.has(dead.fake)) {
      return;
    }
    if (member.state !== "dead" || this.isFolded(dead) || this.isFolded(thread)) return;
    thread.diesAtFold = dies;
    try {
      await inSlices(
        thread.folder.fold(
          member.memory,
          (firstWord) => this.threads.some((one) => one.isKilled && ownerOf(one) === firstWord),
        ),
      );
    } catch {
      this.kill(thread, "refused");
    }
  }

  #receive({ values, interval }: Request): void {
    if (interval !== undefined) this.intervals.push(interval);
    values.forEach((value, series) => add(this.received, series, value));
  }

  #lose(lost: Values, values: Values): void {
    values.forEach((value, series) => add(lost, series, value));
  }
}

function add(values: Values, series: string, value: number): void {
  values.set(series, (values.get(series) ?? 0) + value);
}

function intervalOf({ scopeMetrics }: TakenDeltas): Interval | undefined {
  const points = scopeMetrics.flatMap(({ metrics }) => metrics)
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<unknown>[]);
  if (points.length === 0) return undefined;
  const ms = ([seconds, ns]: DataPoint<unknown>["endTime"]) => seconds * 1e3 + Math.round(ns / 1e6);
  return {
    start: Math.min(...points.map(({ startTime }) => ms(startTime))),
    end: Math.max(...points.map(({ endTime }) => ms(endTime))),
  };
}

function valuesOf({ scopeMetrics }: TakenDeltas): Values {
  const values: Values = new Map();
  for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    for (const { attributes, value } of dataPoints) {
      const { series } = attributes;
      const count = typeof value === "number" ? value : value.count as number;
      if (count !== 0) add(values, `${descriptor.name} ${series}`, count);
    }
  }
  return values;
}

/** Whether it says that it sends these numbers. */
function isHeld(word: SentStateWord, thread: PushingThread): boolean {
  const { phase, owner } = word.read();
  return phase === PHASES.sending && owner === ownerOf(thread);
}

/** What it says that it holds numbers by. */
function ownerOf({ fake: { member: { memory: { int32 } } } }: PushingThread): number {
  return (int32[HEADER.incarnation] as number) >>> 0;
}
