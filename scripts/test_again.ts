// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Runs the tests again and again, and shows which failed how often, to find those that fail by
 * chance. A failure stops nothing; when there was one, it exits with code 1.
 *
 * `deno task test:again <times> [--busy] [--each] [part of a path]`: with `--busy` as many other
 * processes spin as there are cores; with `--each` every test file runs by itself, that many times.
 *
 * @module
 */
import { parseArguments } from "./again/arguments.ts";
import { busyCores } from "./again/busy_cores.ts";
import { runAgain } from "./again/run_again.ts";

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* testFiles(path);
    else if (name.endsWith("_test.ts")) yield path;
  }
}

const { times, busy, each, filter } = parseArguments(Deno.args);
const found = (await Array.fromAsync(testFiles("tests"))).sort();
const files = found.filter((path) => path.includes(filter));
if (files.length === 0) {
  console.error(`Cannot test again: no test file has "${filter}" in its path`);
  Deno.exit(1);
}

await using _load = await busyCores(busy ? navigator.hardwareConcurrency : 0);
const table = await runAgain(files, { times, each, say: console.log });
if (table.size === 0) console.log(`\nNothing failed in ${times} runs`);
else {
  console.log(`\n${table}`);
  Deno.exitCode = 1;
}
