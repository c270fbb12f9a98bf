import type { TestFailure } from "./failures.ts";

interface Row {
  readonly name: string;
  readonly runs: number;
  readonly firstRun: number;
  readonly firstError: string;
  count: number;
}

/** Counts the failures of each test over many runs, and has its first. */
export class FailureTable {
  readonly #rows = new Map<string, Row>();

  /** Adds the failures of one run; `run` counts from 1 on, up to `runs`. */
  add(failures: readonly TestFailure[], run: number, runs: number): void {
    for (const { file, test, error } of failures) {
      const name = `${file.replace(/^\.\//, "")} > ${test}`;
      const known = this.#rows.get(name);
      if (known !== undefined) known.count++;
      else this.#rows.set(name, { name, runs, firstRun: run, firstError: error, count: 1 });
    }
  }

  /** How many tests have failed at least once. */
  get size(): number {
    return this.#rows.size;
  }

  /** A line for each test, the one that failed most first; below them the first error of each. */
  toString(): string {
    const rows = [...this.#rows.values()].sort((a, b) => b.count - a.count);
    const counts = rows.map(({ count, runs }) => `${count} of ${runs}`);
    const width = Math.max(0, ...counts.map(({ length }) => length));
    const table = rows.map(({ name }, index) => `${counts[index]!.padStart(width)}  ${name}\n`);
    const errors = rows.map(({ name, firstRun, firstError }) =>
      `\n${name}\nin run ${firstRun}: ${firstError.trimEnd()}\n`
    );
    return table.join("") + errors.join("");
  }
}
