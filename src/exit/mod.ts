/**
 * Hooks that deliver queued events when the process ends. A script that simply runs to its end
 * needs none: a started bus keeps the process alive until its events are delivered. The hooks are
 * for signals, `exit()` and uncaught errors.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { installExitHooks } from "@busbar/busbar/exit";
 *
 * await using bus = new EventBus().start();
 * using hooks = installExitHooks(bus, { signals: ["SIGTERM"], timeoutMs: 2_000 });
 * ```
 *
 * @module
 */
export type { DeadlineOptions } from "../library/options.ts";
export {
  type ExitHookOptions,
  type ExitSignal,
  type ExitStopOptions,
  type ExitTarget,
  installExitHooks,
} from "./hooks.ts";
