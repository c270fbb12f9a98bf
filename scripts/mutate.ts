/**
 * Breaks the sources of a folder in one place after another, and runs the tests on each break: one
 * that no test notices is a promise that nobody checks. What it found is written down in
 * `docs/testing-the-tests.md`.
 *
 * `deno task mutate bus` breaks `src/bus` and runs those tests of `tests/bus`, and those that import
 * a file of `src/bus`, that run the broken line; what runs on workerd alone is broken there too, by
 * the tests of `tests/workerd/bus`. The working tree is copied, and never changed.
 *
 * - `--sample N` takes N breaks, spread over the folder, and always the same ones;
 * - `--file NAME` takes those of the files with that in their path;
 * - `--again FILE` takes those that an earlier run, whose output the file is, found unnoticed;
 * - `--tests A,B` runs the tests of further folders or files under `tests`;
 * - `--wide` tries what survives on all other tests as well;
 * - `--jobs N` tries N at a time (default: 2).
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf, sample } from "./mutate/mutants.ts";
import { MutationRun, type Outcome } from "./mutate/mutation_run.ts";
import { describe, nameOf, OutcomeTable, unnoticedIn } from "./mutate/outcome_table.ts";
import { filesIn, ROOT, say } from "./package/run.ts";
import { installTools, tools } from "./package/tools.ts";

/** Whatever the folder: a default is a constant, and a test compares all with their docstrings. */
const ALWAYS_RUN = "tests/docs/defaults_are_what_docstrings_say_test.ts";
/** Folders whose tests are not about `src`, or take an hour. */
const NEVER_RUN = ["browser", "docs", "scripts", "std", "types"];

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "1000000" },
    file: { type: "string", default: "" },
    again: { type: "string" },
    tests: { type: "string", default: "" },
    wide: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
  },
});
const [folder] = positionals;
const [count, jobs] = [Number(values.sample), Number(values.jobs)];
if (folder === undefined || positionals.length > 1 || !(count >= 1) || !(jobs >= 1)) {
  say(
    "Usage: deno task mutate FOLDER [--sample N] [--file NAME] [--again FILE] " +
      "[--tests FOLDER,FILE] [--wide] [--jobs N]",
  );
  Deno.exit(2);
}

const possible: Mutant[] = [];
for await (const path of filesIn(`${ROOT}src/${folder}/`)) {
  if (!path.endsWith(".ts") || !path.includes(values.file)) continue;
  possible.push(...mutantsOf(path.slice(ROOT.length), await Deno.readTextFile(path)));
}
possible.sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : 0);
const unnoticed = values.again && unnoticedIn(await Deno.readTextFile(values.again));
const chosen = unnoticed ? possible.filter((mutant) => unnoticed.has(nameOf(mutant))) : possible;
const mutants = sample(chosen, count);

const near: string[] = [];
const far: string[] = [];
const asked = [folder, ...values.tests.split(",").filter((name) => name !== "")];
for await (const path of filesIn(`${ROOT}tests/`)) {
  if (!path.endsWith("_test.ts")) continue;
  const test = path.slice(ROOT.length);
  const isNear = test === ALWAYS_RUN || asked.some((name) =>
    `${test}/`.startsWith(`tests/${name}/`) || test.startsWith(`tests/workerd/${name}/`)
  ) ||
    (await Deno.readTextFile(path)).includes(`/src/${folder}/`);
  if (isNear) {
    near.push(test);
  } else if (
    !NEVER_RUN.some((name) =>
      test.startsWith(`tests/${name}/`)
    )
  ) far.push(test);
}

// The copies have no tools of their own.
if (Deno.env.get("WORKERD_BIN") === undefined) {
  await installTools();
  Deno.env.set("WORKERD_BIN", tools.workerd);
}
await using run = await MutationRun.create(ROOT, jobs);
const table = new OutcomeTable();
const tryAll = async (
  tests: readonly string[],
  chosen: readonly Mutant[],
  tried?: ReadonlySet<string>,
) => {
  say(`${tests.length} test files, ${chosen.length} breaks`);
  await run.measure(tests);
  let done = 0;
  await run.try(chosen, (mutant: Mutant, outcome: Outcome) => {
    table.set(mutant, outcome);
    // A run is long: who waits can begin with these.
    if (outcome !== "killed") say(describe(mutant, outcome));
    if (++done % 100 === 0) say(`${done} of ${chosen.length}`);
  }, tried);
};
await tryAll(near, mutants);
if (values.wide) await tryAll(far, table.unnoticed(), new Set(near));
say(`${table}`);
say(`of ${possible.length} possible breaks of src/${folder}`);
