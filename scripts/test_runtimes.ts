/**
 * Runs the behaviour tests against the packed tarball on every runtime of
 * `tests/runtimes/matrix.ts`, and writes or checks `docs/runtimes.md`.
 *
 * Flags: `--write` writes the document, `--only=<runtime>` runs one runtime and leaves it alone.
 *
 * @module
 */
import {
  DENO_ALONE,
  IGNORED,
  type Runtime,
  RUNTIMES,
  type Skip,
  SKIPS,
} from "../tests/runtimes/matrix.ts";
import type { TestResult } from "../tests/runtimes/harness.ts";
import { pack, PACKAGE_DIR, TARBALL } from "./pack.ts";
import { createConsumer } from "./package/consumer.ts";
import { project } from "./package/manifest.ts";
import { ROOT, run, say, step } from "./package/run.ts";
import { installTools } from "./package/tools.ts";
import { type Job, launch } from "./runtimes/launch.ts";
import { renderMatrix } from "./runtimes/document.ts";
import { compile, stage, stageSnippet } from "./runtimes/stage.ts";

const DOCUMENT = `${ROOT}docs/runtimes.md`;

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
await step("tools", installTools);
await step("pack", pack);
await using consumer = await step(
  "npm install elsewhere",
  () => createConsumer(TARBALL, testDependencies()),
);
const { directory } = consumer;
const files = await testFiles();
await stage(ROOT, PACKAGE_DIR, directory);
files.push(await stageSnippet(directory, consumer.output));
await step("compile the tests", () => compile(directory, files));

const skips: Skip[] = [...SKIPS];
const tested = new Map<Runtime, ReadonlySet<string>>();
let green = true;
for (const runtime of RUNTIMES) {
  if (only !== undefined && only !== runtime) continue;
  const job = jobFor(runtime, directory, files);
  const results = await step(runtime, () => launch(runtime, job));
  green = report(runtime, results) && green;
  const passed = results.filter(({ outcome }) => outcome === "passed");
  tested.set(runtime, new Set(passed.map(({ file }) => file.split("/")[0]!)));
  skips.push(...leftOut(runtime, results));
  for (const name of job.skippedTests) {
    if (results.some((result) => `${result.file} > ${result.name}` === name)) continue;
    say(`    A skip names no test: ${name}`);
    green = false;
  }
}
if (only === undefined && green) {
  const text = await renderMatrix(files, skips, tested);
  if (Deno.args.includes("--write")) await Deno.writeTextFile(DOCUMENT, text);
  else if (await Deno.readTextFile(DOCUMENT).catch(() => "") !== text) {
    say("docs/runtimes.md is stale: run `deno task runtimes`");
    green = false;
  }
}
if (!green) Deno.exitCode = 1;
