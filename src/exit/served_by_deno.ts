import { settlesWithin } from "../internal/timers.ts";

interface Runtime {
  readonly Deno?: { readonly mainModule?: string };
}

/** A main module that has been evaluated is there at once; who still waits in it serves nothing. */
const MAX_WAIT_MS = 100;

/** Whether the program runs on Deno at all. */
export function isDeno(): boolean {
  return (globalThis as Runtime).Deno?.mainModule !== undefined;
}

/**
 * Whether `deno serve` runs the program, as far as that can be told: its main module exports what that
 * serves. There a signal reaches each of its threads (`--parallel`), and Deno ends the process itself,
 * when none of them has anything left to do; `exit()` would end all of them at once.
 */
export async function isServedByDeno(): Promise<boolean> {
  let main: { readonly default?: { readonly fetch?: unknown } } | undefined;
  try {
    const { mainModule } = (globalThis as Runtime).Deno as { mainModule: string };
    // It has been loaded: nothing is evaluated.
    const loaded = import(/* webpackIgnore: true */ /* @vite-ignore */ mainModule);
    await settlesWithin(MAX_WAIT_MS, loaded.then((module) => main = module));
  } catch {
    // It has failed, or cannot be looked at.
  }
  return typeof main?.default?.fetch === "function";
}
