import { runs } from "./lcov.ts";
import type { Mutant } from "./mutants.ts";
import { type TestFile, Workspace } from "./workspace.ts";

/** What became of a break. */
export type Outcome = "killed" | "survived" | "not run";

/** So many test files are run alone, the likeliest first; the others several at a time. */
const ALONE = 3;
const TOGETHER = 5;

/** Which tests notice which breaks, tried on several copies of a repository at a time. */
export class MutationRun implements AsyncDisposable {
  readonly #workspaces: readonly Workspace[];
  readonly #tests: TestFile[] = [];
  /** How many breaks of a file were noticed by a test file that ran alone. */
  readonly #noticed = new Map<string, Map<string, number>>();

  private constructor(workspaces: readonly Workspace[]) {
    this.#workspaces = workspaces;
  }

  /** @param root of the repository, with a slash at its end; it is copied, and never changed */
  static async create(root: string, jobs: number): Promise<MutationRun> {
    const copies = Array.from({ length: jobs }, () => Workspace.create(root));
    return new MutationRun(await Promise.all(copies));
  }

  /**
   * Finds out what the tests of some files run, and how long they take.
   *
   * @throws {Error} if one fails on sound sources
   */
  async measure(paths: readonly string[]): Promise<void> {
    const known = new Set(this.#tests.map(({ path }) => path));
    await this.#each(paths.filter((path) => !known.has(path)), async (workspace, path) => {
      this.#tests.push(await workspace.measure(path));
    });
  }

  /**
   * Tries breaks on the tests that run them, of those that were measured.
   *
   * @param tried tests that are known not to notice them
   */
  async try(
    mutants: readonly Mutant[],
    onOutcome: (mutant: Mutant, outcome: Outcome) => void,
    tried: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    await this.#each(mutants, async (workspace, mutant) => {
      const { file, unit } = mutant;
      const tests = this.#tests.filter(({ lines }) =>
        lines === undefined || runs(lines, file, unit)
      );
      const isKilled = await this.#kills(
        workspace,
        mutant,
        tests.filter(({ path }) => !tried.has(path)),
      );
      const isRun = tests.some(({ lines }) => lines !== undefined);
      onOutcome(mutant, isKilled ? "killed" : isRun ? "survived" : "not run");
    });
  }

  /** Tries those tests first that have noticed the most breaks of the file, then the fastest. */
  async #kills(workspace: Workspace, mutant: Mutant, tests: TestFile[]): Promise<boolean> {
    let noticed = this.#noticed.get(mutant.file);
    if (noticed === undefined) this.#noticed.set(mutant.file, noticed = new Map());
    const count = ({ path }: TestFile) => noticed.get(path) ?? 0;
    const waiting = tests.toSorted((a, b) => count(b) - count(a) || a.tookMs - b.tookMs);
    for (let runs = 0; waiting.length > 0; runs++) {
      const batch = waiting.splice(0, runs < ALONE ? 1 : TOGETHER);
      if (!await workspace.kills(mutant, batch)) continue;
      if (batch.length === 1) { for (const test of batch) noticed.set(test.path, count(test) + 1); }
      return true;
    }
    return false;
  }

  /** Does the work for all items, one of them at a time in each workspace. */
  async #each<Item>(
    items: readonly Item[],
    work: (workspace: Workspace, item: Item) => Promise<void>,
  ): Promise<void> {
    const waiting = [...items];
    await Promise.all(this.#workspaces.map(async (workspace) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        await work(workspace, item);
      }
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workspaces.map((workspace) => workspace[Symbol.asyncDispose]()));
  }
}
