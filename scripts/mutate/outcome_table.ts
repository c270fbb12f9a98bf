import type { Mutant } from "./mutants.ts";
import type { Outcome } from "./mutation_run.ts";

/** What became of a break, in a line. */
export function describe({ file, line, change }: Mutant, outcome: Outcome): string {
  return `${outcome.padEnd(8)}  ${file}:${line}  ${change}`;
}

/** A break's name: what is above it in the file may have changed since. */
export function nameOf({ file, change }: Mutant): string {
  return `${file}  ${change}`;
}

/** The names of those that an output of `describe` says were not noticed. */
export function unnoticedIn(output: string): ReadonlySet<string> {
  const lines = output.matchAll(/^(?:survived|not run) +([^:\n]+):\d+ {2}(.+)$/gm);
  return new Set([...lines].map(([, file, change]) => `${file}  ${change}`));
}

/** What became of the breaks, file by file. */
export class OutcomeTable {
  readonly #outcomes = new Map<Mutant, Outcome>();

  /** What became of a break; what was said of it before is forgotten. */
  set(mutant: Mutant, outcome: Outcome): void {
    this.#outcomes.set(mutant, outcome);
  }

  /** The breaks that no test has noticed. */
  unnoticed(): Mutant[] {
    return [...this.#outcomes].filter(([, outcome]) => outcome !== "killed")
      .map(([mutant]) => mutant);
  }

  /** The breaks that no test has noticed, then a line for each file, and one for all. */
  toString(): string {
    const unnoticed = this.unnoticed()
      .sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : a.start - b.start)
      .map((mutant) => describe(mutant, this.#outcomes.get(mutant) as Outcome));
    const byFile = Map.groupBy(this.#outcomes, ([{ file }]) => file);
    const rows = [...byFile].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([file, outcomes]) => row(file, outcomes.map(([, outcome]) => outcome)));
    const all = row("all", [...this.#outcomes.values()]);
    return [...unnoticed, "", "killed  survived  not run", ...rows, all].join("\n");
  }
}

function row(name: string, outcomes: readonly Outcome[]): string {
  const count = (outcome: Outcome) => outcomes.filter((one) => one === outcome).length;
  const cells = [
    String(count("killed")).padStart(6),
    String(count("survived")).padStart(8),
    String(count("not run")).padStart(7),
  ];
  return `${cells.join("  ")}  ${name}`;
}
