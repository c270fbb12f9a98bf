import { project } from "../package/manifest.ts";
import { run } from "../package/run.ts";
import { tools } from "../package/tools.ts";

/** The packages that `deno.json` knows; its `jsr:` ones have stand-ins under `tests/std`. */
const PACKAGES = Object.keys(project.imports).filter((name) =>
  project.imports[name]?.startsWith("npm:")
);

/** What a runtime with a file system finds where it is installed. */
const INSTALLED = [...[project.name, ...PACKAGES].flatMap((name) => [name, `${name}/*`]), "node:*"];

/** What tests import that a page and a worker do not have. */
const NO_MACHINE = ["http", "net", "child_process", "process", "fs/promises", "os"]
  .map((name) => `node:${name}`);

const COMMON = [
  "--bundle",
  "--format=esm",
  "--target=es2022",
  "--log-level=error",
  // Handlers are reported by their functions' names.
  "--keep-names",
];

/** Copies the tests beside the installed package, so that they find it where users would. */
export async function stage(
  root: string,
  packageDir: string,
  directory: string,
  entries: readonly string[] = Object.keys(project.exports),
): Promise<void> {
  await run("cp", ["-r", `${root}tests`, `${directory}tests`]);
  // The few tests that reach for an inner module get the package's own, not a second one beside it.
  const files = await run("find", [`src`, "-name", "*.js"], { cwd: packageDir });
  for (const file of files.trim().split("\n")) {
    const path = directory + file.replace(/\.js$/, ".ts");
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const target = JSON.stringify(`${modules(directory)}${project.name}/${file}`);
    await Deno.writeTextFile(path, `export * from ${target};\n`);
  }
  for (const entry of entries) {
    const path = project.exports[entry];
    const name = JSON.stringify(project.name + entry.slice(1));
    await Deno.writeTextFile(directory + path, `export * from ${name};\n`);
  }
}

/** Where the package and those of the tests are installed. */
const modules = (directory: string) => `${directory}node_modules/`;

/** A test of the README's snippet of the core, which `snippet.ts` holds; returns its path. */
export async function stageSnippet(directory: string, output: string): Promise<string> {
  const file = "readme/the_snippet_of_the_core_runs_test.ts";
  await Deno.mkdir(`${directory}tests/readme`);
  await Deno.writeTextFile(
    `${directory}tests/${file}`,
    `import { assertEquals } from "@std/assert";

Deno.test("the README's snippet of the core prints what it says", async () => {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values) => lines.push(values.join(" ") + "\\n");
  try {
    await import("../../snippet.ts");
  } finally {
    console.log = log;
  }
  assertEquals(lines.join(""), ${JSON.stringify(output)});
});
`,
  );
  return file;
}

/**
 * Compiles each test file to one that imports the installed packages, beside its source: what a
 * test finds beside itself, such as a script that it runs, is there.
 */
export async function compile(directory: string, files: readonly string[]): Promise<void> {
  await run(tools.esbuild, [
    ...COMMON,
    "--platform=node",
    // The tests' `Deno` is the harness's; the package is not part of these files and keeps its own.
    "--define:Deno=busbarDeno",
    "--alias:@std/assert=./tests/std/assert/mod.ts",
    "--alias:@std/async=./tests/std/async/mod.ts",
    ...INSTALLED.map((name) => `--external:${name}`),
    `--external:${modules(directory)}*`,
    "--outbase=tests",
    "--outdir=tests",
    ...files.map((file) => `tests/${file}`),
    "tests/runtimes/harness.ts",
  ], { cwd: directory });
}

/**
 * Puts `entry` and everything it imports into one file that a page or a worker can load.
 *
 * @param defines what takes the place of these names
 */
export async function bundleForWeb(
  directory: string,
  entry: string,
  output: string,
  defines: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await Deno.writeTextFile(`${directory}${output}.entry.js`, entry);
  await run(tools.esbuild, [
    ...COMMON,
    "--platform=browser",
    '--define:import.meta.url="file:///tests/"',
    ...Object.entries(defines).map(([name, value]) => `--define:${name}=${JSON.stringify(value)}`),
    "--alias:node:util=./tests/runtimes/inspect.ts",
    ...NO_MACHINE.map((name) => `--alias:${name}=./tests/runtimes/no_machine.ts`),
    "--alias:http=./tests/runtimes/no_server.ts",
    "--alias:url=./tests/runtimes/no_server.ts",
    // What is loaded on demand alone may stay.
    "--external:node:*",
    `--outfile=${output}`,
    `${output}.entry.js`,
  ], { cwd: directory });
}

/** The modules of Node that a bundle asks for before it runs: a page that has any never starts. */
export async function builtinsAskedFor(bundle: string): Promise<string[]> {
  const code = await Deno.readTextFile(bundle);
  return [...code.matchAll(/^import (?:[^"']*? from )?["'](node:[^"']+)["']/gm)]
    .map(([, name]) => name!);
}

/** The object literal by which the harness loads each file. */
export function loaders(files: readonly string[]): string {
  const lines = files.map((file) => {
    const path = `./tests/${file.replace(/\.ts$/, ".js")}`;
    return `  ${JSON.stringify(file)}: () => import(${JSON.stringify(path)}),\n`;
  });
  return `{\n${lines.join("")}}`;
}
