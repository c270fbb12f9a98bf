/**
 * The numbers that the core works by. They stand in one module, and it imports nothing, so that a
 * bundler writes each where it is used.
 *
 * @module
 */

/** The default of `DeadlineOptions.timeoutMs`. */
export const DEFAULT_TIMEOUT_MS = 5_000;
/** Where no other request can say that something has changed, it is looked at so often. */
export const LOOK_INTERVAL_MS = 5;
/** Every so many turns the timers get a turn of their own; see `nextTurn`. */
export const MESSAGES_PER_TIMER = 8;

/** The longest delay of a timer, which holds it in 32 bits; a longer one would fire at once. */
export const MAX_DELAY_MS = 2 ** 31 - 1;
/** How often a request that is alive says so; see `Lease`. */
export const BEAT_INTERVAL_MS = 100;
/** Who has said nothing for so long has ended. */
export const SILENCE_MS = 1_000;

/** How often the clock asks the wall clock, in milliseconds. */
export const ANCHOR_INTERVAL_MS = 1_000;
/** How much of its speed the clock gives up to let the wall clock catch up. */
export const SLEW = 0.5;
/** A difference below this is the wall clock's own coarseness, in milliseconds. */
export const JITTER_MS = 2;
/** The times that a `Date` can hold, in milliseconds before and after the epoch. */
export const MAX_TIME_MS = 8.64e15;

/** The drain sets at most one marker in so many milliseconds; see `Drain`. */
export const TURN_MARKER_INTERVAL_MS = 1;
/** Where a request may end before its marker comes, a marker this old is given up. */
export const LOST_MARKER_MS = 20;
/** Of slices of one event alone, one in so many is timed: a prime, as what a request does recurs. */
export const LONE_PER_TIMED = 17;
/** The most calls before a slice first looks at the clock, and between two looks. */
export const FIRST_INTERVAL = 4;
export const MAX_INTERVAL = 32;
/** The same while calls are async: their work may only begin some microtasks later. */
export const MAX_ASYNC_INTERVAL = 4;
/** A call of which fewer fit into the budget has the clock looked at after each one. */
export const QUICK_CALLS_PER_BUDGET = 512;
/** After calls that took the whole budget, so many are timed one by one, to find whose it is. */
export const TIMED_CALLS = 16;
/** The calls of one turn where the clocks stand still: the queue's bound, and at least this. */
export const MIN_TURN_CALLS = 10_000;

/** The names that are counted apart; see `Tally`. */
export const MAX_NAMES = 1_000;
/** The types and the reasons that a line about losses names. */
export const MAX_NAMES_IN_LINE = 5;
