/**
 * Breaks the sources of one folder in one place after another, and runs the tests that mirror it: a
 * break that no test notices is a promise that nobody checks. What it found is written down in
 * `docs/testing-the-tests.md`.
 *
 * `deno task mutate bus` breaks `src/bus` and runs `tests/bus`. Flags: `--sample=N` takes N breaks,
 * spread over the folder, `--file=NAME` those of one file, `--tests=A,B` runs other tests too. The
 * working tree is copied, and never changed itself.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf, sample } from "./mutate/mutants.ts";
import { Workspace } from "./mutate/workspace.ts";
import { filesIn, ROOT, say } from "./package/run.ts";

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "1000000" },
    file: { type: "string", default: "" },
    tests: { type: "string", default: "" },
  },
});
const [folder] = positionals;
const count = Number(values.sample);
if (folder === undefined || positionals.length > 1 || !(count >= 1)) {
  say("Usage: deno task mutate FOLDER [--sample=N] [--file=NAME] [--tests=FOLDER,FILE]");
  Deno.exit(2);
}

const mutants: Mutant[] = [];
for await (const path of filesIn(`${ROOT}src/${folder}/`)) {
  if (!path.endsWith(".ts") || !path.includes(values.file)) continue;
  mutants.push(...mutantsOf(path.slice(ROOT.length), await Deno.readTextFile(path)));
}
const chosen = sample(mutants, count);
const tests = [folder, ...values.tests.split(",").filter((name) => name !== "")]
  .map((name) => `tests/${name}`);

/** As many at a time as there are processors. */
const workspaces = await Promise.all(
  Array.from({ length: navigator.hardwareConcurrency }, () => Workspace.create(tests)),
);
const survivors: Mutant[] = [];
const waiting = [...chosen];
let done = 0;
await Promise.all(workspaces.map(async (workspace) => {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    if (!await workspace.kills(mutant)) {
      survivors.push(mutant);
      say(`survived  ${mutant.file}:${mutant.line}  ${mutant.change}`);
    }
    if (++done % 50 === 0) say(`${done} of ${chosen.length}`);
  }
}));
for (const workspace of workspaces) await workspace[Symbol.asyncDispose]();
const killed = chosen.length - survivors.length;
const share = (100 * killed / chosen.length).toFixed(0);
say(
  `src/${folder}: ${killed} of ${chosen.length} breaks noticed (${share} %), ` +
    `of ${mutants.length} possible; tests: ${tests.join(", ")}`,
);
