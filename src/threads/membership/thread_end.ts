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
