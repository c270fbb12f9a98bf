import type { Scope } from "./scope.ts";

/** `AsyncLocalStorage`, as far as it is used here. */
export interface AsyncStorage {
  getStore(): Scope | undefined;
  run<Result>(store: Scope | undefined, fn: () => Result): Result;
}

/** `process`, as far as it is used here; nothing is imported, since pages have no such module. */
interface Process {
  getBuiltinModule?(id: string): { AsyncLocalStorage?: new () => AsyncStorage } | undefined;
}

/** Where all copies of the package find the same storage. */
const KEY = Symbol.for("@busbar/busbar/async-storage.1");

/** `null` where there is none. */
let storage: AsyncStorage | null | undefined;

/** The storage that follows the async context; `null` where there is none, as in browsers. */
export function asyncStorage(): AsyncStorage | null {
  return storage === undefined ? storage = findStorage() : storage;
}

/** That of another copy of the package, or a new one. */
function findStorage(): AsyncStorage | null {
  const globals = globalThis as { [KEY]?: AsyncStorage; process?: Process };
  try {
    const shared = globals[KEY];
    if (typeof shared?.run === "function" && typeof shared.getStore === "function") return shared;
  } catch {
    // What stands there is nobody's, and throws.
  }
  try {
    const { AsyncLocalStorage } = globals.process?.getBuiltinModule?.("node:async_hooks") ?? {};
    if (AsyncLocalStorage === undefined) return null;
    const made = new AsyncLocalStorage();
    // This copy keeps it alone where nothing can be set. Nobody sees it who lists the globals.
    Reflect.defineProperty(globalThis, KEY, { value: made, configurable: true });
    return made;
  } catch {
    // What stands for `process` is none.
    return null;
  }
}

/** What is current; `undefined` outside of all sessions and operations, and without a storage. */
export function currentScope(): Scope | undefined {
  return asyncStorage()?.getStore();
}

/** Calls a function, with a scope as the current one where that is possible. */
export function runIn<Result>(scope: Scope | undefined, fn: () => Result): Result {
  const found = asyncStorage();
  return found === null ? fn() : found.run(scope, fn);
}
