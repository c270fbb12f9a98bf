/**
 * Hooks that deliver what is queued when the process ends. The core needs none for a script that
 * just ends: a started bus with undelivered events keeps the process alive until they are
 * delivered. Signals, `exit()` and uncaught errors are another matter.
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
export type { DeadlineOptions } from "../bus/options.ts";
export {
  EXIT_SIGNALS,
  type ExitHookOptions,
  type ExitSignal,
  type ExitTarget,
  installExitHooks,
} from "./hooks.ts";
