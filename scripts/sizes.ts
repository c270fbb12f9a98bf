/**
 * Prints the size, the npm packages and the import time of every entry point, as the table of
 * `docs/benchmarks.md`. With `--check` it only checks that the light entry points stay light.
 *
 * @module
 */
import { pack } from "./pack.ts";
import { BUSBAR } from "./package/packages.ts";
import { createConsumer } from "./package/consumer.ts";
import { project } from "./package/manifest.ts";
import { run, say } from "./package/run.ts";
import { installTools, tools } from "./package/tools.ts";
import { type Bundle, bundleEntry } from "./sizes/bundle.ts";

/** Entry points that promise to import nothing more than this. */
const LIGHT: Readonly<Record<string, readonly string[]>> = {
  ".": [],
  "./library": [],
  "./exit": [],
  "./catalog": [],
  "./testing": [],
  "./context": [],
  "./instrumentation/http": [],
  "./subscribers": ["@opentelemetry/api"],
  "./instrumentation/runtime": [],
};

/** Each import time is the median of so many starts. */
const STARTS = 9;

async function checkLight(): Promise<void> {
  for (const [entry, allowed] of Object.entries(LIGHT)) {
    const { name, dependencies } = await bundleEntry(entry);
    const heavy = dependencies.filter((dependency) => !allowed.includes(dependency));
    if (heavy.length > 0) {
      throw new Error(
        `Cannot keep ${name} light: it must import ${allowed.join(", ") || "no package"}, ` +
          `it imports ${heavy.join(", ")} too`,
      );
    }
    say(`ok  ${name}: ${dependencies.join(", ") || "no packages"}`);
  }
}

/** Milliseconds that `import(name)` takes in a process that has just started. */
async function importMs(
  program: readonly [string, ...string[]],
  name: string,
  cwd: string,
): Promise<number> {
  const script = "const start = performance.now();" +
    `await import(${JSON.stringify(name)}); console.log(performance.now() - start);`;
  await Deno.writeTextFile(`${cwd}start.mjs`, script);
  const [command, ...args] = program;
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    times.push(Number(await run(command, [...args, "start.mjs"], { cwd })));
  }
  return times.sort((a, b) => a - b)[Math.floor(STARTS / 2)]!;
}

async function printTable(): Promise<void> {
  await installTools();
  await pack();
  await using consumer = await createConsumer(BUSBAR);
  say("| entry point | gzip | npm packages | import on Deno | on Node 22 |");
  say("| --- | --: | --- | --: | --: |");
  for (const entry of Object.keys(project.exports)) {
    const { name, gzipBytes, dependencies }: Bundle = await bundleEntry(entry);
    const onDeno = await importMs([Deno.execPath(), "run", "-A"], name, consumer.directory);
    const onNode = await importMs([tools.node22], name, consumer.directory);
    const packages = dependencies.filter((dependency) => !dependency.startsWith("node:"))
      .map((dependency) => `\`${dependency}\``).join(", ") || "none";
    say(
      `| \`${name}\` | ${(gzipBytes / 1000).toFixed(1)} kB | ${packages} | ` +
        `${onDeno.toFixed(1)} ms | ${onNode.toFixed(1)} ms |`,
    );
  }
}

if (import.meta.main) await (Deno.args.includes("--check") ? checkLight() : printTable());
