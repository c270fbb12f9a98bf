/**
 * Checks the npm tarballs as their users will meet them: package.json, types under three module
 * resolutions with and without a platform's types, what npm installs with them, the README's first
 * snippet on each runtime, `require`, side effects, and bundlers.
 *
 * @module
 */
import { pack } from "./pack.ts";
import { checkBesideAutoInstrumentations } from "./package/auto_instrumentations.ts";
import { bundleWithAll } from "./package/bundlers.ts";
import { checkRequire } from "./package/require.ts";
import { type Consumer, createConsumer, createProject } from "./package/consumer.ts";
import { checkCopies } from "./package/copies.ts";
import { optionalPeers } from "./package/manifest.ts";
import { BUSBAR, CORE, type Package } from "./package/packages.ts";
import { checkPages } from "./package/pages.ts";
import { run, step } from "./package/run.ts";
import { installTools, tools } from "./package/tools.ts";
import { checkBesideSdk2 } from "./package/sdk_2.ts";
import { checkSideEffects } from "./package/side_effects.ts";
import { checkTypes, checkTypesOfBoth } from "./package/types.ts";
import { checkViteReload } from "./package/vite_reload.ts";

/** How each runtime runs a file of TypeScript. */
const RUNTIMES = {
  "Node 22": [tools.node22],
  "Node 24": [tools.node24],
  Bun: [tools.bun, "run"],
  Deno: [Deno.execPath(), "run", "--allow-env"],
} as const;

async function checkRun(consumer: Consumer, runtime: keyof typeof RUNTIMES): Promise<void> {
  const [program, ...args] = RUNTIMES[runtime];
  const output = await run(program, [...args, "snippet.ts"], { cwd: consumer.directory });
  if (output !== consumer.output) {
    throw new Error(
      `Cannot run the README's snippet of the core on ${runtime}, it printed:\n${output}`,
    );
  }
  await run(program, [...args, "entry_points.ts"], { cwd: consumer.directory });
}

/** What a package says of itself, its types, and how it runs where users have it. */
async function checkPackage(checked: Package): Promise<void> {
  const { name, tarball } = checked;
  await step(`${name}: publint`, () => run(tools.node22, [tools.publint, "--strict", tarball]));
  await step(
    `${name}: are the types wrong`,
    () => run(tools.node22, [tools.attw, tarball, "--profile", "node16", "--no-color"]),
  );
  await using consumer = await step(
    `${name}: npm install elsewhere`,
    () => createConsumer(checked),
  );
  await checkTypes(checked, consumer.directory);
  for (const runtime of ["Node 22", "Node 24", "Bun", "Deno"] as const) {
    await step(`${name}: snippet on ${runtime}`, () => checkRun(consumer, runtime));
  }
}

/** Checks what `deno task pack` packs; or, in its place, a tarball of the whole by another tool. */
export async function checkPack(tarball?: string): Promise<void> {
  await step("tools", installTools);
  await step("pack", pack);
  const busbar = tarball === undefined ? BUSBAR : { ...BUSBAR, tarball };
  for (const each of [busbar, CORE]) await checkPackage(each);
  await checkCopies(busbar);
  await step("beside an SDK of 2.x", () => checkBesideSdk2(busbar));
  await step("beside auto-instrumentations", () => checkBesideAutoInstrumentations(busbar));
  await step("require", () => checkRequire(busbar, CORE));
  await step("pages on tests and CommonJS", () => checkPages(busbar));
  await using project = await createProject({
    ...Object.fromEntries([busbar, CORE].map(({ name, tarball }) => [name, `file:${tarball}`])),
    ...optionalPeers,
  });
  await step("types of both packages", () => checkTypesOfBoth(project.directory));
  await step("no side effects", () => checkSideEffects(project.directory, [busbar, CORE]));
  await step("bundlers", () => bundleWithAll(project.directory, [busbar, CORE]));
  await step("reloads by Vite", () => checkViteReload(project.directory));
}

if (import.meta.main) await checkPack();
