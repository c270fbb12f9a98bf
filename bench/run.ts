// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * Runs a bench of this folder on a runtime, bundled for all but Deno: `run.ts <bench> [runtime]`.
 *
 * @module
 */
import { bundle, run, runtimeNamed } from "./runtimes.ts";

const [bench, name = "deno"] = Deno.args;
if (bench === undefined) {
  console.error("Say which bench, and on which runtime");
  Deno.exit(2);
}
const runtime = runtimeNamed(name);
const source = `bench/${bench}.ts`;
const bundled = `bench/dist/${bench}.mjs`;
if (name !== "deno") await bundle(source, bundled);
await run([...runtime, name === "deno" ? source : bundled]);
