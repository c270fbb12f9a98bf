/**
 * What stands in for `Deno.test` on the other runtimes: it takes the tests of one file after the
 * other, runs them, and reports how each ended.
 *
 * @module
 */

/** How one test ended. */
export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** The error's stack, if it failed. */
  readonly error?: string;
  /**
   * What it lacked here, such as a part of Deno's own API or a port, if it was skipped for that.
   */
  readonly needs?: string;
}

interface TestContext {
  step(name: string, body: (context: TestContext) => unknown): Promise<boolean>;
}

interface Definition {
  name: string;
  ignore?: boolean;
  fn(context: TestContext): unknown;
}

/** Stands for the tests that were not defined, because the file did not load to its end. */
export const REST_OF_FILE = "(the rest of the file)";

/** After this time a test has failed. */
const TEST_TIMEOUT_MS = 60_000;

const definitions: Definition[] = [];

const context: TestContext = {
  async step(_name, body) {
    await body(context);
    return true;
  },
};

/** Takes a test, written either way that the tests of this project are. */
function define(first: string | Definition, second?: Definition["fn"] | object): void {
  if (typeof first !== "string") definitions.push(first);
  else if (typeof second === "function") {
    definitions.push({ name: first, fn: second as Definition["fn"] });
  } else throw new TypeError(`Cannot define "${first}": this way of writing a test is not known`);
}

define.ignore = (first: string | Definition): void => {
  definitions.push({ name: typeof first === "string" ? first : first.name, ignore: true, fn() {} });
};

/** What an error says that its test needs, and does not have here. */
function needsOf(error: unknown): string | undefined {
  const { needs } = (error ?? {}) as { needs?: unknown };
  return typeof needs === "string" ? needs : undefined;
}

/** What the tests see as `Deno`; the package does not. */
const busbarDeno = new Proxy({ test: define }, {
  get(target, name) {
    if (name === "test") return target.test;
    const api = `Deno.${String(name)}`;
    throw Object.assign(new Error(`This runtime has no ${api}`), { needs: `\`${api}\`` });
  },
});
Object.assign(globalThis, { busbarDeno });

type Ending = Pick<TestResult, "outcome" | "error" | "needs">;

async function attempt(work: () => unknown): Promise<Ending> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The test takes too long")), TEST_TIMEOUT_MS);
  });
  try {
    await Promise.race([work(), late]);
    return { outcome: "passed" };
  } catch (error) {
    const needs = needsOf(error);
    if (needs !== undefined) return { outcome: "skipped", needs };
    const text = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    return { outcome: "failed", error: text };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs the tests of every file.
 *
 * @param files loads each file by its path under `tests/`
 * @param skipped names of tests that do not run here, each as `path > name`
 * @param begins hears of each test before it runs
 */
export async function runTests(
  files: Readonly<Record<string, () => Promise<unknown>>>,
  skipped: readonly string[] = [],
  begins: (test: string) => void = () => {},
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const [file, load] of Object.entries(files)) {
    definitions.length = 0;
    const loaded = await attempt(load);
    if (loaded.outcome !== "passed") results.push({ file, name: REST_OF_FILE, ...loaded });
    for (const definition of [...definitions]) {
      const { name, ignore } = definition;
      if (skipped.includes(`${file} > ${name}`)) {
        results.push({ file, name, outcome: "skipped" });
      } else if (ignore) {
        results.push({ file, name, outcome: "skipped", needs: "what its `ignore` asks for" });
      } else {
        begins(`${file} > ${name}`);
        results.push({ file, name, ...await attempt(() => definition.fn(context)) });
      }
    }
  }
  return results;
}
