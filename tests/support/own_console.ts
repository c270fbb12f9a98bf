// deno-lint-ignore-file no-console -- that is what it stands for

/** The methods of the console that a line is written by. */
export const CONSOLE_METHODS = ["trace", "debug", "log", "info", "warn", "error"] as const;

/** What is written to the console itself, until the end of the scope. */
export function ownConsole() {
  const written: string[] = [];
  const before = CONSOLE_METHODS.map((method) => [method, console[method]] as const);
  for (const method of CONSOLE_METHODS) {
    console[method] = (...args: unknown[]) => void written.push(args.join(" "));
  }
  const own = CONSOLE_METHODS.map((method) => console[method]);
  return {
    written,
    isBack: () => CONSOLE_METHODS.every((method, at) => console[method] === own[at]),
    [Symbol.dispose]: () => {
      for (const [method, write] of before) console[method] = write;
    },
  };
}
