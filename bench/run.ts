// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * Runs a bench of this folder on a runtime, bundled for all but Deno: `run.ts <bench> [runtime] [pipe]`.
 * With `pipe`, its standard output is read, and must hold as many lines as its last one says.
 *
 * @module
 */
import { bundle, run, runtimeNamed } from "./runtimes.ts";

const [bench, name = "deno", to] = Deno.args;
if (bench === undefined) {
  console.error("Say which bench, and on which runtime");
  Deno.exit(2);
}
const runtime = runtimeNamed(name);
const source = `bench/${bench}.ts`;
const bundled = `bench/dist/${bench}.mjs`;
if (name !== "deno") await bundle(source, bundled);
const command = [...runtime, name === "deno" ? source : bundled];
if (to === undefined) await run(command);
else await readLines([...command, to]);

/** Runs a command and counts what it writes. */
async function readLines([program, ...args]: readonly string[]): Promise<void> {
  const child = new Deno.Command(program!, { args, stdout: "piped" }).spawn();
  let lines = 0;
  let last = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const parts = (last + text).split("\n");
    lines += parts.length - 1;
    // What the last chunk ends with may be only a part of it.
    last = parts.slice(-2).join("\n");
    if (parts.length > 1) lines -= last.split("\n").length - 1;
  }
  const { code } = await child.status;
  const [expected] = last.split("\n");
  if (code !== 0 || lines !== Number(expected)) {
    console.error(`It has ended with ${code}, and written ${lines} of ${expected} lines`);
    Deno.exit(1);
  }
}
