interface Scope extends Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">> {
  readonly Deno?: unknown;
  readonly process?: {
    on?(event: "exit", listener: () => void): void;
    off?(event: "exit", listener: () => void): void;
  };
}

/**
 * Calls something when this thread ends, where it learns of that: by an uncaught error, `exit()`, or
 * having nothing left to do. One that is terminated learns nothing, nor does a Deno `Worker` that
 * throws or is closed.
 */
export function onThreadEnd(callback: () => void): Disposable {
  const scope: Scope = globalThis;
  const { process } = scope;
  process?.on?.("exit", callback);
  // Of `Deno.exit` only the global scope learns; in pages there is no such listener.
  const target = scope.Deno === undefined ? undefined : scope;
  target?.addEventListener?.("unload", callback);
  return {
    [Symbol.dispose]: () => {
      process?.off?.("exit", callback);
      target?.removeEventListener?.("unload", callback);
    },
  };
}

/** An error that nobody has caught, or what a promise was rejected with. */
interface Failure {
  readonly defaultPrevented?: boolean;
}

/**
 * Calls something on Deno when nobody has caught an error, and nobody has said so far that the thread goes on all
 * the same: then a `Worker`, or a thread of `deno serve`, most likely ends, and learns nothing else of that.
 * Elsewhere `onThreadEnd` tells.
 */
export function onThreadFailure(callback: () => void): Disposable {
  const scope: Scope = globalThis;
  const target = scope.Deno === undefined ? undefined : scope;
  const listener = (event: Failure) => {
    if (event.defaultPrevented !== true) callback();
  };
  for (const type of FAILURES) target?.addEventListener?.(type, listener as EventListener);
  return {
    [Symbol.dispose]: () => {
      for (const type of FAILURES) target?.removeEventListener?.(type, listener as EventListener);
    },
  };
}

const FAILURES = ["error", "unhandledrejection"];
