import { assertFunction, invalidArgument } from "../internal/arguments.ts";
import { resolveTimeoutMs } from "../internal/deadline.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { MAX_DELAY_MS, pause, settlesWithin } from "../internal/timers.ts";
import type { ExitHookOptions } from "../exit/hooks.ts";
import type { DeadlineOptions } from "../library/options.ts";
import type { Endpoints } from "./endpoints.ts";
import { runSteps, type Step } from "./steps.ts";

/** How a service is shut down. */
export interface ShutdownOptions extends DeadlineOptions {
  /**
   * How long everything goes on first, in milliseconds, while `/readyz` answers 503: until whoever
   * sends requests has noticed. It comes before `timeoutMs`, and a signal that aborts ends it.
   * Default: 0.
   */
  readonly drainMs?: number | undefined;
  /**
   * Closes what takes requests, such as the service's own server, when that time is over and before
   * the bus ends: what the last requests publish still counts. It is awaited, for half of
   * `timeoutMs` at most. Default: nothing.
   */
  // deno-lint-ignore no-explicit-any -- of unknown, a server that is made of what this call returns has no type
  readonly close?: (() => any) | undefined;
}

/** The options of `exitHooks`: at a signal, the shutdown drains and closes as these say. */
export interface ShutdownHookOptions
  extends ExitHookOptions, Pick<ShutdownOptions, "drainMs" | "close"> {}

const ACTION = "shut observability down";
const OPTIONS: Readonly<Record<keyof ShutdownOptions, true>> = {
  timeoutMs: true,
  signal: true,
  drainMs: true,
  close: true,
};

/** The share of a shutdown's time that `close` may use. */
const CLOSE_SHARE = 0.5;

/**
 * @throws {TypeError} if `close` is not a function
 * @throws {RangeError} if `drainMs` is not a number of at least 0
 */
export function assertDrain(
  { drainMs = 0, close }: Pick<ShutdownOptions, "drainMs" | "close">,
): void {
  if (typeof drainMs !== "number" || !(drainMs >= 0 && drainMs <= MAX_DELAY_MS)) {
    const rule = `a number from 0 to ${MAX_DELAY_MS}`;
    invalidArgument(RangeError, ACTION, "drainMs", rule, drainMs);
  }
  if (close !== undefined) assertFunction(ACTION, "close", close);
}

/** What ends. */
export interface Ending {
  readonly endpoints: Endpoints;
  /** The steps of the end. */
  readonly steps: (signal: AbortSignal | undefined) => readonly Step[];
  /** Called when it is over, whether all of it worked or not. */
  readonly afterwards: () => void;
}

/** A shutdown, which comes once: a second call returns the first one's result. */
export function createShutdown(ending: Ending): (options?: ShutdownOptions) => Promise<void> {
  let ended: Promise<void> | undefined;
  return (options = {}) => {
    let timeoutMs: number;
    try {
      assertKnownNames(ACTION, "option", options, Object.keys(OPTIONS));
      assertDrain(options);
      timeoutMs = resolveTimeoutMs(ACTION, options);
    } catch (error) {
      // What is refused has ended nothing.
      return Promise.reject(error);
    }
    return ended ??= end(ending, options, timeoutMs);
  };
}

async function end(
  { endpoints, steps, afterwards }: Ending,
  { drainMs = 0, close, signal }: ShutdownOptions,
  timeoutMs: number,
): Promise<void> {
  endpoints.end();
  if (drainMs > 0) await pause(drainMs, signal ?? new AbortController().signal);
  const closing = close === undefined ? [] : [closeStep(close, signal)];
  try {
    await runSteps([...closing, ...steps(signal)], { timeoutMs, signal });
  } finally {
    afterwards();
  }
}

function closeStep(close: () => unknown, signal: AbortSignal | undefined): Step {
  return {
    name: "close",
    run: async (remainingMs) => {
      const closed = (async () => await close())();
      if (!await settlesWithin(remainingMs * CLOSE_SHARE, closed, signal)) {
        throw new Error("its time ran out");
      }
    },
  };
}
