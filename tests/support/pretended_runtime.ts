/** Puts another `process` in the place of the global one, until the end of its scope. */
export function pretendProcess(process: object | undefined): Disposable {
  const real = Object.getOwnPropertyDescriptor(globalThis, "process");
  Object.defineProperty(globalThis, "process", { configurable: true, value: process });
  return {
    [Symbol.dispose]: () => {
      if (real === undefined) Reflect.deleteProperty(globalThis, "process");
      else Object.defineProperty(globalThis, "process", real);
    },
  };
}

/** As `process.getBuiltinModule`, for modules that a test makes up. */
export function builtinModules(modules: Readonly<Record<string, unknown>>) {
  return { getBuiltinModule: (id: string): unknown => modules[id] };
}
