import { ROOT, run } from "../package/run.ts";
import type { Mutant } from "./mutants.ts";

/** Tests that hang are ended after so many times what they take unbroken. */
const PATIENCE = 4;
/** And after this at the earliest, in milliseconds: a busy machine is no hang. */
const MIN_TIMEOUT_MS = 20_000;

/** A copy of the repository, in which tests are run on broken sources. */
export class Workspace implements AsyncDisposable {
  readonly #root: string;
  readonly #tests: readonly string[];
  #timeoutMs = 600_000;

  private constructor(root: string, tests: readonly string[]) {
    this.#root = root;
    this.#tests = tests;
  }

  /**
   * Copies the working tree and runs the tests once.
   *
   * @throws {Error} if they fail unbroken
   */
  static async create(tests: readonly string[]): Promise<Workspace> {
    const root = `${await Deno.makeTempDir({ prefix: "busbar-mutants-" })}/`;
    const workspace = new Workspace(root, tests);
    const files = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
    for (const file of files.trim().split("\n")) {
      await Deno.mkdir(root + file.slice(0, file.lastIndexOf("/") + 1), { recursive: true });
      // What was deleted is listed until that is committed.
      await Deno.copyFile(ROOT + file, root + file).catch(() => {});
    }
    const startedAt = performance.now();
    if (!await workspace.#passes()) {
      await workspace[Symbol.asyncDispose]();
      throw new Error(`Cannot mutate: the tests fail unbroken: ${tests.join(", ")}`);
    }
    const tookMs = performance.now() - startedAt;
    workspace.#timeoutMs = Math.max(MIN_TIMEOUT_MS, tookMs * PATIENCE);
    return workspace;
  }

  /** Whether a test notices the break: one that fails, or hangs. */
  async kills({ file, text }: Mutant): Promise<boolean> {
    const whole = await Deno.readTextFile(this.#root + file);
    await Deno.writeTextFile(this.#root + file, text);
    try {
      return !await this.#passes();
    } finally {
      await Deno.writeTextFile(this.#root + file, whole);
    }
  }

  async #passes(): Promise<boolean> {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--quiet", "--no-check", "--allow-all", "--fail-fast", ...this.#tests],
      cwd: this.#root,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(this.#timeoutMs),
    }).output();
    return success;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }
}
