import type { BusEvent, EventContext, PublishInit } from "../events/event.ts";
import type { DeadlineOptions } from "../library/options.ts";
import type { StopReport } from "../library/reports.ts";
import { format } from "../internal/arguments.ts";
import { Deadline, resolveTimeoutMs } from "../internal/deadline.ts";
import { awaitInNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import { markEcho } from "../internal/reporting.ts";
import { MAX_TIME_MS } from "../internal/tuning.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import type { AsyncCall, Drain } from "./drain.ts";
import type { Failures } from "./failures.ts";
import type { Losses } from "./losses.ts";
import type { ResolvedOptions } from "./options.ts";
import type { SubscriberSet } from "./subscriber_set.ts";

/** The sums of a {@linkcode StopReport}. */
type Totals = { -readonly [Name in Exclude<keyof StopReport, "timedOut">]: number };

/** A record while it is made. */
type Writable<Record> = { -readonly [Field in keyof Record]: Record[Field] };

/** Takes over what is given and not known yet. */
function takeOver(event: Writable<BusEvent>, given: EventContext): void {
  event.sessionId ||= given.sessionId ?? "";
  event.operationId ||= given.operationId ?? "";
  event.traceparent ??= given.traceparent;
  event.tracestate ??= given.tracestate;
}

/** What goes into a bus, and when: it publishes, starts, flushes and stops. */
export type Intake = ReturnType<typeof createIntake>;

/** Makes the intake of a bus; it is open until the bus is stopped, unless it is disabled. */
export function createIntake(
  { enabled, overflow, context }: ResolvedOptions,
  userClock: (() => number) | undefined,
  queue: BoundedQueue<BusEvent>,
  drain: Drain,
  losses: Losses,
  subscribers: SubscriberSet,
  failures: Failures,
) {
  /** Whether `publish` takes events: also before the first start, not once stopped or disabled. */
  let open = enabled;
  let started = false;
  const { now } = failures;
  /** Whether each publish calls code that is not the bus's own. */
  const isForeign = Boolean(userClock ?? context);
  let stopping: Promise<StopReport> | undefined;
  /** Whether to start again when the stop is over. */
  let restart = false;
  /** The counts of the bus's life when it was started. */
  let atStart = totals();

  /** Whether an event of that type cannot be queued now, which is counted then. */
  function refuses(type: unknown): boolean {
    const reason = !open
      // A disabled bus is never open.
      ? "stopped"
      // A type that is no string can come from untyped code only; it is nobody's, and must not throw.
      : typeof type !== "string" || type.startsWith("bus:")
      ? "reserved"
      : queue.full && !makeRoom()
      ? "queue_full"
      : undefined;
    if (!reason) return false;
    if (enabled) losses.add(reason, type);
    return true;
  }

  /** Applies the overflow policy. @returns whether the new event may be queued */
  function makeRoom(): boolean {
    if (overflow === "drop-oldest") {
      losses.add("evicted", (queue.shift() as BusEvent).type);
    } else if (overflow === "inline" && started) {
      drain.runNow();
    }
    // A handler that ran inline may have stopped the bus or filled the queue again.
    return open && !queue.full;
  }

  /**
   * Takes over what the caller says of an event, and what the bus's context says beyond that.
   *
   * @returns whether the caller says when it happened
   */
  function read(event: Writable<BusEvent>, init: PublishInit | undefined): boolean {
    let what = "(publisher)";
    let isTime = false;
    try {
      if (init) {
        takeOver(event, init);
        const given = init.timestamp ?? undefined;
        // A number, or what is one for the asking, as a Date is.
        const timeMs = typeof given === "object" ? Number(given) : given;
        isTime = typeof timeMs === "number" && Math.abs(timeMs) <= MAX_TIME_MS;
        if (isTime) event.timestamp = timeMs as number;
        else if (given !== undefined) {
          failures.count("(timestamp)", `publishing ${event.type}`, `${format(given)} is no time`);
        }
      }
      what = "(context)";
      const given = context?.();
      if (given) takeOver(event, given);
    } catch (error) {
      failures.count(what, `publishing ${event.type}`, error);
    }
    return isTime;
  }

  /** What left the queue was dispatched or dropped. */
  function delivered(): number {
    return drain.settled() - losses.dropped();
  }

  function totals(): Totals {
    return {
      delivered: delivered(),
      dropped: losses.droppedEventsCount(),
      leftOver: losses.reasons.shutdown,
      failures: failures.counts.total,
    };
  }

  async function stop(deadline: Deadline): Promise<StopReport> {
    if (started) drain.stop();
    open = started = false;
    const timedOut = !await flush(deadline, true);
    const report = totals();
    for (const name in report) report[name as keyof Totals] -= atStart[name as keyof Totals];
    stopping = undefined;
    if (restart) intake.start();
    return { ...report, timedOut };
  }

  /**
   * What flush and stop have in common: the queue, the async handlers, the subscribers.
   *
   * @returns whether it was done in time
   */
  async function flush(deadline: Deadline, isStop = false): Promise<boolean> {
    const asking = drain.call();
    const target = queue.pushed;
    // An unstarted bus drains too, for as long as somebody waits for it.
    drain.start();
    const isDrained = () => {
      if (REQUESTS_ARE_APART) drain.wake();
      return drain.settled() >= target;
    };
    const drained = await deadline.until(isDrained, drain.changes);
    if (isStop && !drained) drain.giveUp();
    const calls = drain.inFlight.filter((call) => call !== asking);
    const isPending = (call: AsyncCall) => drain.inFlight[call.at] === call;
    const haveSettled = () => {
      if (REQUESTS_ARE_APART) drain.endLost();
      return !calls.some(isPending);
    };
    if (!await deadline.until(haveSettled, drain.changes)) {
      // Each is named once.
      for (const name of new Set(calls.filter(isPending).map((call) => call.name))) {
        failures.count(name, isStop ? "stop" : "flush", "a call hangs");
      }
    }
    drain.stop();
    await awaitInNeutralContext(async () => {
      await subscribers.call("flush", deadline);
      if (!isStop) return;
      await subscribers.call("shutdown", deadline);
      losses.flush();
    });
    deadline.clear();
    return !deadline.passed;
  }

  const intake = {
    delivered,

    publish(type: string, metadata: unknown, init: PublishInit | undefined): boolean {
      if (refuses(type)) return false;
      // Always of the same shape, with a time that is no integer from the beginning.
      const event: Writable<BusEvent> = {
        type,
        timestamp: NaN,
        metadata,
        sessionId: "",
        operationId: "",
        traceparent: undefined,
        tracestate: undefined,
      };
      const callsForeign = isForeign || init !== undefined;
      const ownTimestamp = callsForeign && read(event, init);
      if (!ownTimestamp) event.timestamp = now();
      // What was asked for all this may have published, or stopped the bus.
      if (callsForeign && refuses(type)) return false;
      markEcho(event);
      queue.push(event, ownTimestamp);
      drain.wake();
      return true;
    },

    start(): void {
      if (stopping) {
        restart = true;
      } else {
        if (!open) atStart = totals();
        if (!started) drain.start();
        open = started = enabled;
        losses.neverStarted = false;
      }
    },

    flush(options: DeadlineOptions): Promise<boolean> {
      const timeoutMs = resolveTimeoutMs("flush EventBus", options);
      return flush(new Deadline(timeoutMs, options.signal));
    },

    stop(options: DeadlineOptions): Promise<StopReport> {
      const timeoutMs = resolveTimeoutMs("stop EventBus", options);
      restart = false;
      return stopping ??= stop(new Deadline(timeoutMs, options.signal));
    },
  };
  return intake;
}
