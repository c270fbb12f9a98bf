import type { BusEvent } from "../events/event.ts";
import type { StopReport } from "../library/reports.ts";
import { Deadline } from "../internal/deadline.ts";
import { awaitInNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import type { Drain } from "./drain.ts";
import type { Failures } from "./failures.ts";
import type { Losses } from "./losses.ts";
import type { SubscriberSet } from "./subscriber_set.ts";

/** The sums of a {@linkcode StopReport}. */
type Totals = { -readonly [Name in Exclude<keyof StopReport, "timedOut">]: number };

/** Starts, flushes and stops a bus. */
export class Lifecycle {
  /** Whether `publish` takes events: also before the first start, not once stopped or disabled. */
  open: boolean;
  started = false;
  readonly #enabled: boolean;
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #drain: Drain;
  readonly #losses: Losses;
  readonly #subscribers: SubscriberSet;
  readonly #failures: Failures;
  #stopping: Promise<StopReport> | undefined;
  /** Whether to start again when the stop is over. */
  #restart = false;
  /** The counts of the bus's life when it was started. */
  #atStart: Totals;

  constructor(
    enabled: boolean,
    queue: BoundedQueue<BusEvent>,
    drain: Drain,
    losses: Losses,
    subscribers: SubscriberSet,
    failures: Failures,
  ) {
    this.open = this.#enabled = enabled;
    this.#queue = queue;
    this.#drain = drain;
    this.#losses = losses;
    this.#subscribers = subscribers;
    this.#failures = failures;
    this.#atStart = this.#totals();
  }

  /** What left the queue was dispatched or dropped. */
  get delivered(): number {
    return this.#drain.settled - this.#losses.dropped;
  }

  start(): void {
    if (this.#stopping) {
      this.#restart = true;
    } else {
      if (!this.open) this.#atStart = this.#totals();
      if (!this.started) this.#drain.start();
      this.open = this.started = this.#enabled;
      this.#losses.suffix = "";
    }
  }

  /**
   * What flush and stop have in common: the queue, the async handlers, the subscribers.
   *
   * @returns whether it was done in time
   */
  async flush(deadline: Deadline, stopping = false): Promise<boolean> {
    const drain = this.#drain;
    const asking = drain.call;
    const target = this.#queue.pushed;
    // An unstarted bus drains too, for as long as somebody waits for it.
    drain.start();
    const isDrained = () => {
      if (REQUESTS_ARE_APART) drain.wake();
      return drain.settled >= target;
    };
    const drained = await deadline.until(isDrained, drain.changes);
    if (stopping && !drained) {
      let type;
      while ((type = drain.shift()) !== undefined) this.#losses.add("shutdown", type);
    }
    const calls = new Set(drain.inFlight);
    calls.delete(asking);
    const haveSettled = () => {
      if (REQUESTS_ARE_APART) drain.endLost();
      return calls.isDisjointFrom(drain.inFlight);
    };
    if (!await deadline.until(haveSettled, drain.changes)) {
      const hanging = [...calls.intersection(drain.inFlight)];
      // Each is named once.
      for (const name of new Set(hanging.map((call) => call.name))) {
        this.#failures.count(name, stopping ? "stop" : "flush", "a call hangs");
      }
    }
    drain.stop();
    await awaitInNeutralContext(async () => {
      await this.#subscribers.call("flush", deadline);
      if (!stopping) return;
      await this.#subscribers.call("shutdown", deadline);
      this.#losses.flush();
    });
    deadline.clear();
    return !deadline.passed;
  }

  stop(timeoutMs: number, signal: AbortSignal | undefined): Promise<StopReport> {
    this.#restart = false;
    return this.#stopping ??= this.#stop(new Deadline(timeoutMs, signal));
  }

  async #stop(deadline: Deadline): Promise<StopReport> {
    if (this.started) this.#drain.stop();
    this.open = this.started = false;
    const timedOut = !await this.flush(deadline, true);
    const totals = this.#totals();
    for (const name in totals) totals[name as keyof Totals] -= this.#atStart[name as keyof Totals];
    this.#stopping = undefined;
    if (this.#restart) this.start();
    return { ...totals, timedOut };
  }

  #totals(): Totals {
    return {
      delivered: this.delivered,
      dropped: this.#losses.droppedEventsCount,
      leftOver: this.#losses.reasons.shutdown,
      failures: this.#failures.counts.total,
    };
  }
}
