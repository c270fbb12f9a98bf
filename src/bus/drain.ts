import type { BusEvent } from "../events/event.ts";
import { monotonicMs } from "../internal/clocks.ts";
import { Lease } from "../internal/lease.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../internal/neutral_context.ts";
import {
  FIRST_INTERVAL,
  LONE_PER_TIMED,
  LOST_MARKER_MS,
  MAX_ASYNC_INTERVAL,
  MAX_INTERVAL,
  MIN_TURN_CALLS,
  QUICK_CALLS_PER_BUDGET,
  TIMED_CALLS,
  TURN_MARKER_INTERVAL_MS,
} from "../internal/tuning.ts";
import { nextTurn } from "../internal/turns.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import { type Failures, isThenable } from "./failures.ts";
import type { Losses } from "./losses.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Route, Routes } from "./routes.ts";
import type { SubscriberSet } from "./subscriber_set.ts";
import { Tally } from "./tally.ts";

/** An async call that has not settled. */
export interface AsyncCall {
  name: string;
  /** Where it stands among those in flight, as long as it does. */
  at: number;
  /** Where a call may be lost with its request: whether it is, and what ends it, once. */
  lease?: Lease;
  end?: () => boolean;
}

/** An event of which some routes have been called, and others have not. */
interface Begun {
  event: BusEvent;
  routes: readonly Route[] | undefined;
  index: number;
  /** One that was begun before, and goes on after it. */
  outer: Begun | undefined;
}

/**
 * Takes events off the queue in slices and hands each to everybody who listens. Whatever a handler
 * throws or rejects with ends there, counted.
 *
 * A microtask runs the first slice. A slice ends when the queue is empty, when the turn's budget is
 * spent, or, where the clocks stand still, after as many calls as the queue holds events and 10,000
 * at least; what is left, of an event too, goes on in a later turn.
 *
 * The budget belongs to the turn of the event loop, not to the slice: code that awaits and
 * publishes again runs in the same turn, and would starve timers if each slice had a budget of its
 * own. So does what async handlers do after an `await`: a slice that has called some lets the other
 * microtasks run before it looks at the clock. No runtime tells when a turn ends, so a marker is
 * set: a macrotask whose arrival proves it. One costs microseconds, so at most one a millisecond is
 * set, and slices of one millisecond share its budget. Each turn makes one call at least.
 */
export type Drain = ReturnType<typeof createDrain>;

/** Makes the drain of a bus; see {@linkcode Drain}. */
// A closure, as most of the core: its variables are a third of a class's fields in a bundle, and no
// slower.
export function createDrain(
  { drainBudgetMs, maxInFlight }: ResolvedOptions,
  userClock: () => number = () => 0,
  queue: BoundedQueue<BusEvent>,
  routes: Routes,
  failures: Failures,
  losses: Losses,
  subscribers: SubscriberSet,
) {
  let scheduled = false;
  /** How many want what is queued to be dispatched; while nobody does, it waits. */
  let holders = 0;
  /** How many calls are made before the next look. */
  let interval = 1;
  let lone = 0;
  let markerSet = false;
  let turnMs = -Infinity;
  let begun: Begun | undefined;
  /** How many events have left the queue and not met their end. */
  let unsettled = 0;
  /** The call in progress, once somebody has asked for it. */
  let call: AsyncCall | undefined;
  let calls = 0;
  let isRunning = false;
  /** Whether an async call has been made since the last look. */
  let calledAsync = false;
  /** When the slice began, and when it last looked at the clock; NaN if it has not. */
  let sliceMs = 0;
  let lookedMs = 0;
  let turnUserMs = 0;
  /** How many of the next calls are timed one by one; -1 until something took the whole budget. */
  let toTime = -1;
  /** Whose call it was, if it was one. */
  let calledName: string | undefined;
  /** Whether the slice waits for the microtasks of the calls it has made. */
  let isWaiting = false;

  /** Whether nothing waits to be dispatched. */
  const isIdle = () => queue.size === 0 && !begun;

  function onWake(): void {
    if (isWaiting) {
      // The others have run: it goes on with its slice.
      isWaiting = false;
      slice(true, false);
      return;
    }
    if (isIdle()) return endWake();
    // One event alone needs no clock of its own: its publish has just read it. A few are timed.
    let now = 0;
    if (queue.size === 1 && interval > 1 && ++lone % LONE_PER_TIMED) now = drain.publishedMs;
    // What the publisher did since then is not to be taken for the handler's.
    lookedMs = NaN;
    if (!now) lookedMs = now = monotonicMs();
    drain.publishedMs = 0;
    const sinceMs = now - turnMs;
    const isNew = markerSet
      ? REQUESTS_ARE_APART && sinceMs >= LOST_MARKER_MS
      : sinceMs >= TURN_MARKER_INTERVAL_MS;
    if (isNew) setMarker();
    goOn(now, isNew);
  }

  function onMarker(): void {
    markerSet = false;
    // Where microtasks may be lost, a slice may wait in vain.
    if (scheduled && (!isWaiting || REQUESTS_ARE_APART)) {
      goOn(lookedMs = monotonicMs(), true);
    } else startBudget(monotonicMs());
  }

  function setMarker(): void {
    markerSet = true;
    nextTurn(onMarker);
  }

  function startBudget(now: number): void {
    turnMs = now;
    // A user's clock can end a slice, but neither prolong it nor keep it from doing anything.
    turnUserMs = userClock();
  }

  /** Whether the turn's budget is spent, or its calls where no clock says anything. */
  function isSpent(now: number): boolean {
    const tookMs = Math.max(now - turnMs, userClock() - turnUserMs);
    return tookMs >= drainBudgetMs ||
      tookMs <= 0 && calls >= Math.max(MIN_TURN_CALLS, queue.limit);
  }

  /** @param isNew whether the turn is: then it makes a call, whatever the clocks say */
  function goOn(now: number, isNew: boolean): void {
    if (isNew) {
      startBudget(now);
      calls = 0;
    }
    if (holders > 0 && (isNew || !isSpent(now))) slice(true, true);
    else endWake();
  }

  function endWake(): void {
    scheduled = holders > 0 && !isIdle();
    if (scheduled && !markerSet) setMarker();
  }

  /**
   * @param mayWait whether it may let other microtasks run before it looks at the clock
   * @param isNew whether it begins, and makes a call before it looks
   */
  function slice(mayWait: boolean, isNew: boolean): void {
    isRunning = true;
    if (isNew) {
      sliceMs = lookedMs;
      interval = Math.min(interval, FIRST_INTERVAL);
      calledAsync = false;
    }
    while (isNew || !isOver()) {
      isNew = false;
      let left = interval;
      do left -= drain.next(left); while (left > 0 && !isIdle());
      calls += interval - left;
      // So it is nearly always in a service: one event, and its handlers are quick.
      if (isIdle()) {
        if (interval > 1) break;
      } else if (mayWait && calledAsync) {
        // Before others run, whose work is not the handler's.
        if (interval === 1) reportSlow(monotonicMs() - lookedMs);
        isRunning = false;
        isWaiting = true;
        inNeutralContext(onWake);
        return;
      }
    }
    drain.onDrain(sliceMs);
    isRunning = false;
    if (mayWait) endWake();
  }

  /** Looks at the clock, unless nothing waits and calls are quick. @returns whether the slice ends */
  function isOver(): boolean {
    const now = monotonicMs();
    const tookMs = now - lookedMs;
    if (!calledAsync) reportSlow(tookMs);
    lookedMs = now;
    if (tookMs >= drainBudgetMs) toTime = TIMED_CALLS;
    const isLong = tookMs > interval * drainBudgetMs / QUICK_CALLS_PER_BUDGET;
    interval = isLong || toTime > 0 && toTime--
      ? 1
      : Math.min(interval * 2, calledAsync ? MAX_ASYNC_INTERVAL : MAX_INTERVAL);
    calledAsync = false;
    return isIdle() || isSpent(now) || holders === 0;
  }

  function reportSlow(tookMs: number): void {
    if (calledName && interval < 2 && toTime >= 0 && tookMs >= drainBudgetMs) {
      failures.report(drain.slow, calledName, `held the event loop for ${tookMs.toFixed(1)} ms`);
    }
  }

  /** Has everybody look who waits for something here. */
  function changed(): void {
    if (drain.changes.size > 0) drain.changes.forEach((look) => look());
  }

  function run(route: Route, event: BusEvent): void {
    call = undefined;
    try {
      if (route.inFlight >= maxInFlight) drain.endLost();
      // The handler is taken out first: called on the route, it would see that as `this`.
      const { handler, inFlight, name } = route;
      if (inFlight >= maxInFlight) {
        return failures.report(drain.skipped, name, `is skipped: ${inFlight} pending`);
      }
      const result = handler(event);
      if (isThenable(result)) follow(route, event.type, result);
    } catch (error) {
      failures.count(route.name, event.type, error);
    }
  }

  function follow(route: Route, type: string, result: object): void {
    const { inFlight } = drain;
    const own = drain.call();
    own.name = route.name;
    call = undefined;
    calledAsync = true;
    const end = () => {
      own.lease?.end();
      if (inFlight[own.at] !== own) return false;
      // The last one takes its place. A set would do, and leave much garbage behind.
      inFlight[own.at] = inFlight.at(-1) as AsyncCall;
      (inFlight.pop() as AsyncCall).at = own.at;
      route.inFlight--;
      changed();
      return true;
    };
    failures.follow(own.name, type, result, end);
    if (REQUESTS_ARE_APART) {
      own.lease = new Lease();
      own.end = end;
    }
    own.at = inFlight.push(own) - 1;
    route.inFlight++;
  }

  const drain = {
    /** When an event was published, on the runtime's monotonic clock; 0 if that is not known. */
    publishedMs: NaN,
    /** Calls that were seen to take as long as the budget, by the handler's name. */
    slow: new Tally(),
    /** Events that passed by a handler with too many calls pending, by its name. */
    skipped: new Tally(),
    /** Async calls that have not settled. */
    inFlight: [] as AsyncCall[],
    /** What is called when a slice has ended, or an async call has settled. */
    changes: new Set<() => void>(),

    /** How many events have met their end: all that left the queue, but for those in dispatch. */
    settled(): number {
      return queue.shifted - unsettled;
    },

    isIdle,

    /** The call whose synchronous part is running, if it is an async one. */
    call(): AsyncCall {
      return call ??= { name: "", at: 0 };
    },

    /** Gives up what is not dispatched, or not to all of its routes: it is lost. */
    giveUp(): void {
      while (!isIdle()) {
        if (begun) unsettled--;
        const { type } = begun?.event ?? queue.shift() as BusEvent;
        begun = begun?.outer;
        losses.add("shutdown", type);
      }
    },

    /** Lets the drain run for one more who wants it to. */
    start(): void {
      holders++;
      if (!isIdle()) drain.wake();
    },

    /** One less wants it to run. */
    stop(): void {
      holders--;
    },

    /** Makes sure that what was queued is taken up. */
    wake(): void {
      if (holders === 0 || scheduled && !REQUESTS_ARE_APART) return;
      // In this order: at the end of the stack the call may throw.
      inNeutralContext(onWake);
      scheduled = true;
    },

    /**
     * Runs one slice on the caller's stack, with a budget of its own: the turn's may be spent, and
     * the caller needs room now. What it takes still counts for the turn. Not while one is running.
     */
    runNow(): void {
      if (isRunning) return;
      const ms = turnMs;
      const ofUserMs = turnUserMs;
      try {
        startBudget(lookedMs = monotonicMs());
        slice(false, true);
      } finally {
        isRunning = false;
        turnMs = ms;
        turnUserMs = ofUserMs;
      }
    },

    /** What is due after some events, or the last of them. */
    onDrain(startedAtMs: number): void {
      subscribers.onDrain(startedAtMs);
      if (isIdle()) losses.onDrain();
      changed();
    },

    /** Ends the calls that were lost with the requests that made them. */
    endLost(): void {
      for (const { name, lease, end } of [...drain.inFlight]) {
        // Who looks at the end of one may have ended others.
        if (lease?.isLost && end?.()) failures.count(name, "an async call", "its request is over");
      }
    },

    /**
     * Dispatches the oldest event, or the rest of it.
     * @param most how many routes may be called, 1 at least
     * @returns how many were, 1 for an event that reaches nobody; 0 if there is no event
     */
    next(most: number): number {
      let index = 0;
      let event: BusEvent | undefined;
      let reached: readonly Route[] | undefined;
      if (begun) {
        ({ event, index, routes: reached, outer: begun } = begun);
      } else {
        event = queue.shift();
        if (!event) return 0;
        unsettled++;
      }
      const first = index;
      try {
        reached ??= routes.of(event.type);
        const end = Math.min(reached.length, first + most);
        while (index < end) run(reached[index++] as Route, event);
      } finally {
        // Also where the stack ends, as a publisher's may: before its routes are known, even.
        if (index === reached?.length) {
          unsettled--;
        } else {
          // No literal with fields: at the end of the stack, V8 may throw instead of making one.
          const rest = {} as Begun;
          rest.event = event;
          rest.index = index;
          rest.outer = begun;
          rest.routes = reached;
          begun = rest;
        }
      }
      if (most === 1) calledName = reached[first]?.name;
      return index - first || 1;
    },
  };
  return drain;
}
