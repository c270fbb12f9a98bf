/** What the global `process` is to the hooks, until the end of the scope. */
export function fakeProcess() {
  const real = Object.getOwnPropertyDescriptor(globalThis, "process");
  const listeners = new Map<string, Set<() => void>>();
  const codes: number[] = [];
  const { promise: exited, resolve: exit } = Promise.withResolvers<void>();
  const process = {
    on: (event: string, listener: () => void) => {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    off: (event: string, listener: () => void) => listeners.get(event)?.delete(listener),
    exit: (code: number) => {
      codes.push(code);
      exit();
    },
  };
  // What else others look for in it is there.
  Object.setPrototypeOf(process, (globalThis as { process?: object }).process ?? null);
  Object.defineProperty(globalThis, "process", { configurable: true, value: process });
  return {
    codes,
    /** Resolves when it has been told to exit. */
    exited,
    emit: (event: string) => listeners.get(event)?.forEach((listener) => listener()),
    /** The events that somebody listens to. */
    heard: () => [...listeners].filter(([, set]) => set.size > 0).map(([event]) => event).sort(),
    [Symbol.dispose]: () => {
      if (real === undefined) Reflect.deleteProperty(globalThis, "process");
      else Object.defineProperty(globalThis, "process", real);
    },
  };
}
