import type { DeadlineOptions } from "../library/options.ts";
import { resolveTimeoutMs } from "../internal/deadline.ts";
import { DEFAULT_TIMEOUT_MS } from "../internal/tuning.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { monotonicMs, setTimer } from "../internal/clocks.ts";
import { endOlder, hasOlder, register } from "../internal/running.ts";
import { unref } from "../internal/timers.ts";
import { isDeno, isServedByDeno } from "./served_by_deno.ts";

/** The signals that the hooks can handle, with their POSIX numbers. */
const EXIT_SIGNALS: Readonly<Record<ExitSignal, number>> = Object.freeze({
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGTERM: 15,
});

/** A signal that asks a process to end. */
export type ExitSignal = "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGTERM";

/** The options of {@linkcode installExitHooks}. */
export interface ExitHookOptions {
  /** The signals to end on. Default: `["SIGINT", "SIGTERM"]`; `[]` handles none. */
  readonly signals?: readonly ExitSignal[] | undefined;
  /** How long the delivery may take, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Removes the hooks when it aborts, just as disposing them does. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** How the hooks want something stopped. */
export interface ExitStopOptions extends DeadlineOptions {
  /** The signal that asks the process to end; absent where nothing is left to do. */
  readonly exitSignal?: ExitSignal | undefined;
}

/** What the hooks stop: an `EventBus`, or an object of your own with these two methods. */
export interface ExitTarget {
  /** Delivers everything and stops; it must not reject. */
  stop(options: ExitStopOptions): Promise<unknown>;
  /** Delivers what can be delivered synchronously. */
  flushSync(options: DeadlineOptions): unknown;
}

const ACTION = "install exit hooks";
const OPTIONS: Readonly<Record<keyof ExitHookOptions, true>> = {
  signals: true,
  timeoutMs: true,
  signal: true,
};

const DEFAULT_SIGNALS: readonly ExitSignal[] = ["SIGINT", "SIGTERM"];
const SIGNAL_EXIT_CODE_BASE = 128;
/** The same signal within so many milliseconds is the first one again. */
const ECHO_MS = 250;

/** What a runtime may have, and a page. */
interface Scope extends Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">> {
  readonly process?: Process;
  readonly Deno?: unknown;
  readonly document?: EventTarget & { readonly visibilityState: string };
}

interface Process {
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
  exit(code: number): void;
}

/**
 * Delivers queued events when the process ends. How much is possible depends on how it ends:
 *
 * | the process ends by              | what happens                                                |
 * | -------------------------------- | ----------------------------------------------------------- |
 * | a signal                         | `bus.stop()`, then exit with 128 + the signal's number      |
 * | a second signal meanwhile        | exit at once; the same one within 250 ms is its echo        |
 * | having nothing left to do        | `bus.stop()`                                                |
 * | `Deno.exit()`, `process.exit()`  | `bus.flushSync()`: asynchronous work is lost                |
 * | an uncaught error or rejection   | `bus.flushSync()`, then the runtime's usual handling        |
 * | a page being hidden or left      | `bus.flushSync()`, each time                                |
 *
 * With `startObservability`, use its `exitHooks` option, which includes the exporters.
 *
 * Of an echo nothing comes: `deno task` hands on a Ctrl-C that has reached all programs of the terminal.
 *
 * Deno, Node and Bun are handled through the global `process`; Deno needs no permission for it.
 * Under `deno serve` a signal reaches each thread, and Deno itself ends the process with code 0 when no
 * thread has anything left to do: the hooks deliver, and exit only if that takes another `timeoutMs`.
 * Browsers are handled through `visibilitychange`, the last that is sure to come on a phone, and
 * `pagehide`: a listener of `unload` or `beforeunload` would keep a page out of the back/forward cache.
 *
 * Under `bun --hot`, hooks that the program had installed before it was loaded anew are removed, and
 * their bus is stopped.
 *
 * @returns a disposable that removes the hooks
 * @throws {TypeError} if a signal is not an {@linkcode ExitSignal}, or an option is unknown
 * @throws {RangeError} if `timeoutMs` is not a number of at least 0
 */
export function installExitHooks(
  bus: ExitTarget,
  options: ExitHookOptions = {},
): Disposable {
  assertKnownNames(ACTION, "option", options, Object.keys(OPTIONS));
  const { signals = DEFAULT_SIGNALS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  resolveTimeoutMs(ACTION, { timeoutMs });
  for (const signal of signals) assertExitSignal(signal);

  // What the program had installed before it was loaded anew, in this process.
  if (hasOlder([])) void endOlder([], () => {});

  const scope: Scope = globalThis;
  const { process, document } = scope;
  const removals: (() => void)[] = [];
  const remove = () => {
    for (const removeOne of removals.splice(0)) removeOne();
  };
  const hooks = { [Symbol.dispose]: remove };
  if (options.signal?.aborted) return hooks;
  options.signal?.addEventListener("abort", remove);
  removals.push(() => options.signal?.removeEventListener("abort", remove));
  const onProcess = (event: string, listener: () => void) => {
    process?.on(event, listener);
    removals.push(() => process?.off(event, listener));
  };
  const onTarget = (target: Scope | undefined, event: string, listener: () => void) => {
    target?.addEventListener?.(event, listener);
    removals.push(() => target?.removeEventListener?.(event, listener));
  };

  const running = register({
    claims: [],
    isEnding: () => false,
    end: () => {
      remove();
      return bus.stop({ timeoutMs });
    },
  });
  removals.push(() => running[Symbol.dispose]());
  const flushSync = () => void bus.flushSync({ timeoutMs });
  let first: { readonly signal: ExitSignal; readonly atMs: number } | undefined;
  let ended = false;
  for (const signal of signals) {
    const exit = () => process?.exit(SIGNAL_EXIT_CODE_BASE + EXIT_SIGNALS[signal]);
    onProcess(signal, () => {
      if (first !== undefined) {
        const isEcho = first.signal === signal && monotonicMs() - first.atMs < ECHO_MS;
        return isEcho ? undefined : exit();
      }
      first = { signal, atMs: monotonicMs() };
      const end = async () => {
        // Deno's own end comes first, which leaves the other threads their time.
        if (await isServedByDeno()) unref(setTimer(exit, timeoutMs));
        else exit();
      };
      bus.stop({ timeoutMs, exitSignal: signal }).then(isDeno() ? end : exit);
    });
  }
  // It comes again when what it started has ended; then there is nothing left to stop.
  onProcess("beforeExit", () => {
    if (ended) return;
    ended = true;
    void bus.stop({ timeoutMs });
  });
  onProcess("exit", flushSync);
  onProcess("uncaughtExceptionMonitor", flushSync);
  // Of `Deno.exit` only the global scope learns.
  if (scope.Deno !== undefined) onTarget(scope, "unload", flushSync);
  onTarget(scope, "pagehide", flushSync);
  onTarget(document, "visibilitychange", () => {
    if (document?.visibilityState === "hidden") flushSync();
  });
  return hooks;
}

function assertExitSignal(signal: unknown): void {
  if (typeof signal === "string" && Object.hasOwn(EXIT_SIGNALS, signal)) return;
  const rule = `of ${Object.keys(EXIT_SIGNALS).join(", ")}`;
  invalidArgument(TypeError, ACTION, "signals", rule, signal);
}
