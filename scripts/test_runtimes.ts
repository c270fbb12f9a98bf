/**
 * Runs the behaviour tests against the packed tarballs on every runtime of
 * `tests/runtimes/matrix.ts`, and writes or checks `docs/runtimes.md`.
 *
 * Flags: `--write` writes the document, `--only=<runtime>` runs one runtime and leaves it alone.
 *
 * @module
 */
import {
  DENO_ALONE,
  IGNORED,
  NOT_OF_CORE,
  type Runtime,
  RUNTIMES,
  type Skip,
  SKIPS,
} from "../tests/runtimes/matrix.ts";
import type { TestResult } from "../tests/runtimes/harness.ts";
import { pack } from "./pack.ts";
import { createConsumer, createProject } from "./package/consumer.ts";
import { project } from "./package/manifest.ts";
import { BUSBAR, CORE, specifier } from "./package/packages.ts";
import { ROOT, run, say, step } from "./package/run.ts";
import { installTools } from "./package/tools.ts";
import { type Job, launch } from "./runtimes/launch.ts";
import { renderMatrix } from "./runtimes/document.ts";
import { compile, stage, stageSnippet } from "./runtimes/stage.ts";
import { testRecipe } from "./runtimes/workerd/recipe.ts";
import { testRequests } from "./runtimes/workerd/requests.ts";

const DOCUMENT = `${ROOT}docs/runtimes.md`;

/** The folders of the tests of the core's entry points. */
const CORE_TESTS = CORE.entries.map((entry) => entry === "." ? "bus" : entry.slice(2));

/**
 * Those compiled tests that import nothing of the whole but what the core has. What is left out must be
 * just what {@linkcode NOT_OF_CORE} names, so that no test goes missing unnoticed.
 *
 * @throws {Error} if another file is left out, or one that is named is not, or a folder has none
 */
async function filesOfCore(directory: string, files: readonly string[]): Promise<string[]> {
  const known = CORE.entries.map((entry) => specifier(BUSBAR, entry));
  const found: string[] = [];
  const leftOut: string[] = [];
  for (const file of files) {
    const code = await Deno.readTextFile(`${directory}tests/${file.replace(/\.ts$/, ".js")}`);
    const imported = [...code.matchAll(/from "(@busbar\/[^"]+)"/g)].map(([, name]) => name!);
    (imported.every((name) => known.includes(name)) ? found : leftOut).push(file);
  }
  const empty = CORE_TESTS.filter((folder) => !found.some((file) => file.startsWith(`${folder}/`)));
  const wrong = [
    ...empty.map((folder) => `${folder}/: no test of it is left`),
    ...leftOut.filter((file) => !(file in NOT_OF_CORE)).map((file) => `${file}: is left out`),
    ...Object.keys(NOT_OF_CORE).filter((file) => !leftOut.includes(file))
      .map((file) => `${file}: is not left out`),
  ];
  if (wrong.length > 0) {
    throw new Error(`Cannot test ${CORE.name} as NOT_OF_CORE says:\n${wrong.join("\n")}`);
  }
  say(`    ${found.length} files, ${leftOut.length} left out: ${leftOut.join(", ")}`);
  return found;
}

/** The packages that the tests import, at the versions of `deno.json`. */
function testDependencies(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, specifier] of Object.entries(project.imports)) {
    if (specifier.startsWith(`npm:${name}@`)) found[name] = specifier.slice(`npm:${name}@`.length);
  }
  return found;
}

async function testFiles(): Promise<string[]> {
  const found = await run("find", [".", "-name", "*_test.ts"], { cwd: `${ROOT}tests` });
  return found.trim().split("\n").map((path) => path.slice(2)).sort()
    .filter((file) => !(file.split("/")[0]! in DENO_ALONE));
}

function jobFor(runtime: Runtime, directory: string, files: readonly string[]): Job {
  const skipped = SKIPS.filter(({ runtimes }) => runtimes.includes(runtime))
    .flatMap(({ tests }) => tests);
  const skips = (file: string) =>
    skipped.some((tests) => tests === file || (tests.endsWith("/") && file.startsWith(tests)));
  return {
    directory,
    files: files.filter((file) => !skips(file)),
    skippedTests: skipped.filter((tests) => tests.includes(" > ")),
  };
}

/** What a runtime left out by itself, because a test needs what is not there. */
function leftOut(runtime: Runtime, results: readonly TestResult[]): Skip[] {
  return results.flatMap(({ file, name, needs }) =>
    needs === undefined ? [] : [{
      runtimes: [runtime],
      tests: [`${file} > ${name}`],
      reason: `the test itself needs ${IGNORED[file] ?? needs}`,
    }]
  );
}

/** Prints what failed; returns whether nothing did. */
function report(runtime: Runtime, results: readonly TestResult[]): boolean {
  const count = (outcome: string) => results.filter((result) => result.outcome === outcome).length;
  for (const { file, name, outcome, error } of results) {
    if (outcome === "failed") say(`\nFAILED on ${runtime}: ${file} > ${name}\n${error}`);
  }
  say(`    ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  return count("failed") === 0 && count("passed") > 0;
}

const only = Deno.args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
const skips: Skip[] = [...SKIPS];
const tested = new Map<Runtime, ReadonlySet<string>>();
let green = true;

/**
 * Does the work for each runtime that is asked for, for three at a time: tests spend more of their time
 * waiting than computing.
 */
async function onEachRuntime(work: (runtime: Runtime) => Promise<void>): Promise<void> {
  const waiting = RUNTIMES.filter((runtime) => only === undefined || only === runtime);
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all([lane(), lane(), lane()]);
}

/** Runs tests on a runtime; what it skips and has passed is kept for the document. */
async function runOn(runtime: Runtime, directory: string, files: readonly string[], what: string) {
  const job = jobFor(runtime, directory, files);
  const results = await step(`${what} on ${runtime}`, () => launch(runtime, job));
  green = report(runtime, results) && green;
  return { job, results };
}

async function testBusbar(): Promise<string[]> {
  await using consumer = await step(
    "npm install elsewhere",
    () => createConsumer(BUSBAR, testDependencies()),
  );
  const { directory } = consumer;
  const files = await testFiles();
  await stage(ROOT, BUSBAR.directory, directory);
  files.push(await stageSnippet(directory, consumer.output));
  await step("compile the tests", () => compile(directory, files));
  const left = new Map<Runtime, Skip[]>();
  await onEachRuntime(async (runtime) => {
    const { job, results } = await runOn(runtime, directory, files, BUSBAR.name);
    const passed = results.filter(({ outcome }) => outcome === "passed");
    tested.set(runtime, new Set(passed.map(({ file }) => file.split("/")[0]!)));
    left.set(runtime, leftOut(runtime, results));
    for (const name of job.skippedTests) {
      if (results.some((result) => `${result.file} > ${result.name}` === name)) continue;
      say(`    A skip names no test: ${name}`);
      green = false;
    }
  });
  // In the order of the document, whoever came first.
  skips.push(...RUNTIMES.flatMap((runtime) => left.get(runtime) ?? []));
  if (only === undefined || only === "workerd") {
    const wrong = await step("hundreds of requests on workerd", () => testRequests(directory));
    wrong.push(...await step("the recipe on workerd", () => testRecipe(directory)));
    for (const line of wrong) say(`    WRONG: ${line}`);
    green = wrong.length === 0 && green;
  }
  return files;
}

/**
 * Runs the tests of the core's entry points against its tarball, which is installed under the name
 * of the whole: the same tests, other files.
 */
async function testCore(): Promise<void> {
  await using consumer = await step(
    "npm install the core elsewhere",
    () => createProject({ [BUSBAR.name]: `file:${CORE.tarball}` }, testDependencies()),
  );
  const { directory } = consumer;
  await stage(ROOT, CORE.directory, directory, CORE.entries);
  const all = (await testFiles()).filter((file) => CORE_TESTS.includes(file.split("/")[0]!));
  await step("compile the core's tests", () => compile(directory, all));
  const files = await filesOfCore(directory, all);
  await onEachRuntime(async (runtime) => {
    await runOn(runtime, directory, files, CORE.name);
  });
}

await step("tools", installTools);
await step("pack", pack);
const files = await testBusbar();
await testCore();
if (only === undefined && green) {
  const text = await renderMatrix(files, skips, tested);
  if (Deno.args.includes("--write")) await Deno.writeTextFile(DOCUMENT, text);
  else if (await Deno.readTextFile(DOCUMENT).catch(() => "") !== text) {
    say("docs/runtimes.md is stale: run `deno task runtimes`");
    green = false;
  }
}
if (!green) Deno.exitCode = 1;
