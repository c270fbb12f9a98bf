/** What is written to the console as a warning, until the end of the scope. */
export interface CapturedWarnings extends Disposable {
  readonly lines: readonly string[];
}

/** Keeps what would go to `console.warn`, so that a test can read it and its output stays clean. */
export function capturedWarnings(): CapturedWarnings {
  const { warn } = console;
  const lines: string[] = [];
  const replace = (other: typeof warn) => {
    // deno-lint-ignore no-console -- it stands in for it
    console.warn = other;
  };
  replace((line: string) => void lines.push(line));
  return { lines, [Symbol.dispose]: () => replace(warn) };
}
