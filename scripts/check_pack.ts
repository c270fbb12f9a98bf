/**
 * Checks the npm tarball as its users will meet it: its package.json, its types under two module
 * resolutions, and the README's first snippet in a project of its own on each runtime.
 *
 * @module
 */
import { pack, TARBALL } from "./pack.ts";
import { type Consumer, createConsumer } from "./package/consumer.ts";
import { run, step } from "./package/run.ts";
import { installTools, tools } from "./package/tools.ts";

/** The ways to compile that a consumer may have chosen. */
const COMPILERS = {
  nodenext: ["--module", "nodenext", "--moduleResolution", "nodenext"],
  bundler: ["--module", "esnext", "--moduleResolution", "bundler"],
} as const;

/** How each runtime runs a file of TypeScript. */
const RUNTIMES = {
  "Node 22": [tools.node22],
  "Node 24": [tools.node24],
  Bun: [tools.bun, "run"],
  Deno: [Deno.execPath(), "run", "--allow-env"],
} as const;

async function checkTypes(consumer: Consumer, compiler: keyof typeof COMPILERS): Promise<void> {
  await run(tools.node22, [
    tools.tsc,
    "--noEmit",
    "--strict",
    "--exactOptionalPropertyTypes",
    ...["--target", "es2022", "--lib", "esnext,dom"],
    ...COMPILERS[compiler],
    "snippet.ts",
    "entry_points.ts",
  ], { cwd: consumer.directory });
}

async function checkRun(consumer: Consumer, runtime: keyof typeof RUNTIMES): Promise<void> {
  const [program, ...args] = RUNTIMES[runtime];
  const output = await run(program, [...args, "snippet.ts"], { cwd: consumer.directory });
  if (output !== consumer.output) {
    throw new Error(`Cannot run the README's first snippet on ${runtime}, it printed:\n${output}`);
  }
  await run(program, [...args, "entry_points.ts"], { cwd: consumer.directory });
}

/** Checks a tarball; without one, packs it first. */
export async function checkPack(tarball?: string): Promise<void> {
  await step("tools", installTools);
  if (tarball === undefined) await step("pack", pack);
  const checked = tarball ?? TARBALL;
  await step("publint", () => run(tools.node22, [tools.publint, "--strict", checked]));
  await step(
    "are the types wrong",
    () => run(tools.node22, [tools.attw, checked, "--profile", "esm-only", "--no-color"]),
  );
  await using consumer = await step("npm install elsewhere", () => createConsumer(checked));
  for (const compiler of ["nodenext", "bundler"] as const) {
    await step(`types, ${compiler}`, () => checkTypes(consumer, compiler));
  }
  for (const runtime of ["Node 22", "Node 24", "Bun", "Deno"] as const) {
    await step(`snippet on ${runtime}`, () => checkRun(consumer, runtime));
  }
}

if (import.meta.main) await checkPack();
