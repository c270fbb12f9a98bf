/** A test that failed in one run. */
export interface TestFailure {
  /** The file's path, as the run named it. */
  readonly file: string;
  /** The test's name, with those of its steps. */
  readonly test: string;
  readonly error: string;
}

/** Stands for the test of an error that none of a file's tests caught. */
const WHOLE_FILE = "(an uncaught error)";

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
};

function unescapeXml(text: string): string {
  return text.replace(/&(\w+);/g, (entity, name) => ENTITIES[name] ?? entity);
}

/** Errors outside of tests, which a run prints and its report leaves out. */
function uncaughtErrors(output: string): TestFailure[] {
  const errors = output.matchAll(/^(\S+) \(uncaught error\)\n(error: [^]*?)(?:\n\n|$(?!\n))/gm);
  return [...errors].map(([, file, error]) => ({ file: file!, test: WHOLE_FILE, error: error! }));
}

/**
 * The failures that `deno test` reports.
 *
 * @param junit the report that it wrote
 * @param output what it printed
 */
export function readFailures(junit: string, output: string): TestFailure[] {
  const uncaught = uncaughtErrors(output);
  const reported: TestFailure[] = [];
  const cases = junit.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<(failure|error) message="([^"]*)"(?:\/>|>([^<]*)<)/g,
  );
  for (const [, test, file, kind, message, error = message] of cases) {
    // A test whose step failed says no more than its step; what an uncaught error cut off, nothing.
    if (kind === "failure" && /^\d+ test steps? failed$/.test(message!)) continue;
    if (kind === "error" && uncaught.some((other) => other.file === file)) continue;
    reported.push({
      file: unescapeXml(file!),
      test: unescapeXml(test!),
      error: unescapeXml(error!),
    });
  }
  return [...reported, ...uncaught];
}
