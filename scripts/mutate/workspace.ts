import { spawn } from "node:child_process";
import process from "node:process";
import { run } from "../package/run.ts";
import { type LinesByFile, readLcov } from "./lcov.ts";
import type { Mutant } from "./mutants.ts";

/** Tests that hang are ended after so many times what they take unbroken. */
const PATIENCE = 4;
/** And after this at the earliest, in milliseconds: a busy machine is no hang. */
const MIN_TIMEOUT_MS = 8_000;
/** The tests of one file take less unbroken, in milliseconds. */
const MEASURE_TIMEOUT_MS = 300_000;
/** These run the sources on workerd, of which there is no coverage. */
const ON_WORKERD = "tests/workerd/";
/** A break that allocates for ever ends soon. */
const HEAP = "--v8-flags=--max-old-space-size=1024";

/** What one test file does when nothing is broken. */
export interface TestFile {
  /** Its path from the repository's root. */
  readonly path: string;
  readonly tookMs: number;
  /** The lines of the sources that it runs; `undefined` if it runs them where no coverage is told. */
  readonly lines: LinesByFile | undefined;
}

/** A copy of a repository, in which tests are run on broken sources. */
export class Workspace implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Copies a working tree, but for what is ignored there. @param origin with a slash at its end */
  static async create(origin: string): Promise<Workspace> {
    // The real path: a coverage's files are named by it.
    const folder = await Deno.makeTempDir({ prefix: "busbar-mutants-" });
    const root = `${await Deno.realPath(folder)}/`;
    const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    for (const file of (await run("git", list, { cwd: origin })).trim().split("\n")) {
      await Deno.mkdir(root + file.slice(0, file.lastIndexOf("/") + 1), { recursive: true });
      // What was deleted is listed until that is committed.
      await Deno.copyFile(origin + file, root + file).catch(() => {});
    }
    return new Workspace(root);
  }

  /**
   * Runs the tests of a file on sound sources; again if they fail, for a test that waits in real
   * time may miss it on a busy machine.
   *
   * @throws {Error} if they fail twice
   */
  async measure(path: string): Promise<TestFile> {
    const coverage = await Deno.makeTempDir({ prefix: "busbar-coverage-" });
    try {
      const startedAt = performance.now();
      // Programs that the tests start write their coverage there as well.
      const env = { DENO_COVERAGE_DIR: coverage };
      const passes = () => this.#passes([path], MEASURE_TIMEOUT_MS, env);
      if (!await passes() && !await passes()) {
        throw new Error(`Cannot mutate: ${path} fails on sound sources`);
      }
      const tookMs = performance.now() - startedAt;
      if (path.startsWith(ON_WORKERD)) return { path, tookMs, lines: undefined };
      const report = ["coverage", "--quiet", "--lcov", coverage];
      const lcov = await run(Deno.execPath(), report, { cwd: this.#root }).catch(() => "");
      return { path, tookMs, lines: readLcov(lcov, this.#root) };
    } finally {
      await Deno.remove(coverage, { recursive: true });
    }
  }

  /** Whether one of the tests notices the break: it fails, or hangs. */
  async kills({ file, start, end, instead }: Mutant, tests: readonly TestFile[]): Promise<boolean> {
    const whole = await Deno.readTextFile(this.#root + file);
    await Deno.writeTextFile(this.#root + file, whole.slice(0, start) + instead + whole.slice(end));
    try {
      const tookMs = tests.reduce((sum, test) => sum + test.tookMs, 0);
      const timeoutMs = Math.max(MIN_TIMEOUT_MS, tookMs * PATIENCE);
      return !await this.#passes(tests.map(({ path }) => path), timeoutMs);
    } finally {
      await Deno.writeTextFile(this.#root + file, whole);
    }
  }

  /** The tests run in a group of processes of their own, which ends with all that they started. */
  #passes(
    tests: readonly string[],
    timeoutMs: number,
    env: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const args = ["test", "--quiet", "--no-check", "--allow-all", "--fail-fast", HEAP, ...tests];
    const child = spawn(Deno.execPath(), args, {
      cwd: this.#root,
      env: { ...process.env, ...env },
      detached: true,
      stdio: "ignore",
    });
    const endAll = () => {
      try {
        process.kill(-(child.pid as number), "SIGKILL");
      } catch {
        // All of them have ended.
      }
    };
    const timer = setTimeout(endAll, timeoutMs);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        endAll();
        resolve(code === 0);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }
}
