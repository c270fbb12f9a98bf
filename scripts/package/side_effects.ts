import { filesIn, run } from "./run.ts";
import { COMMON_JS, type Package, specifier } from "./packages.ts";
import { tools } from "./tools.ts";

/** `export { one, other } from "./file.js"` of an entry point. */
const RE_EXPORT = /export \{ ([^}]+) \} from "(\.[^"]+)"/g;

/** What stays outside of the bundles: other people's packages may have what they want. */
const EXTERNAL = ["@opentelemetry/*", "@grafana/*", "yaml", "node:*"];

/** What others' packages are loaded by compiled code, of either format. */
const IMPORT =
  /(?:^import .* from |^export .* from |require\()"((?:@opentelemetry|@grafana|yaml)[^"]*)"/gm;

/**
 * Loads every file that it is given, and tells which have changed something outside of the modules.
 * What others' packages do (Grafana's SDK defines globals) is done before.
 */
const LOAD = `
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [format, others, ...files] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const printed = [];
for (const method of ["log", "info", "warn", "error", "debug"]) {
  console[method] = (...args) => printed.push(args.join(" "));
}
const keysOf = (value) => Reflect.ownKeys(value).map(String).join();
const functions = () => Reflect.ownKeys(globalThis).map((name) => globalThis[name])
  .filter((value) => typeof value === "function");
const state = () => ({
  console: printed.join(),
  globals: keysOf(globalThis),
  prototypes: functions().map(({ prototype }) => prototype ? keysOf(prototype) : "").join(";"),
  statics: functions().map(keysOf).join(";"),
  listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]).join(),
  timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").join(),
});
const load = (specifier) => format === "cjs" ? require(specifier) : import(specifier);
for (const other of others.split(",").filter(Boolean)) await load(other);
state(); // Node makes some of its globals when they are first read
const changed = [];
for (const file of files) {
  const before = state();
  await load(format === "cjs" ? file : pathToFileURL(file).href);
  const after = state();
  const parts = Object.keys(after).filter((part) => after[part] !== before[part]);
  if (parts.length > 0) changed.push(file + " changes " + parts.join(", "));
}
process.stdout.write(changed.join("\\n"));
`;

/** Loading any of a package's modules does nothing that another could notice. */
async function checkLoads(directory: string, { name }: Package): Promise<void> {
  const root = `${directory}node_modules/${name}/`;
  const files = await Array.fromAsync(filesIn(root));
  const isCommonJs = (file: string) => file.startsWith(root + COMMON_JS);
  const code = files.filter((file) => file.endsWith(".js")).sort();
  await Deno.writeTextFile(`${directory}load.mjs`, LOAD);
  for (const format of ["esm", "cjs"]) {
    const loaded = code.filter((file) => isCommonJs(file) === (format === "cjs"));
    if (loaded.length === 0) throw new Error(`Cannot load ${name} as ${format}: it has no files`);
    const texts = await Promise.all(loaded.map((file) => Deno.readTextFile(file)));
    const others = new Set(
      texts.flatMap((text) => Array.from(text.matchAll(IMPORT), ([, found]) => found!)),
    );
    const changed = await run(
      tools.node22,
      ["load.mjs", format, [...others].join(), ...loaded],
      { cwd: directory },
    );
    if (changed !== "") throw new Error(`These must do nothing when they are loaded:\n${changed}`);
  }
}

/** Each name that an entry point exports, with the file that has it. */
async function namesOf(root: string, file: string): Promise<ReadonlyMap<string, string>> {
  const code = await Deno.readTextFile(root + file);
  const base = new URL(file, "file:///");
  return new Map(
    [...code.matchAll(RE_EXPORT)].flatMap(([, names, path]) =>
      names!.split(",").map((name): [string, string] => [
        name.trim().split(" ").at(-1)!,
        root + new URL(path!, base).pathname.slice(1),
      ])
    ),
  );
}

/** What esbuild tells of its outputs. */
interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }
    >
  >;
}

/** A program that imports one name of an entry point bundles the same files as if it imported the name's file. */
async function checkNames(directory: string, from: Package): Promise<void> {
  const root = `${directory}node_modules/${from.name}/`;
  const { exports } = JSON.parse(await Deno.readTextFile(`${root}package.json`));
  const programs = `${directory}names/`;
  await Deno.mkdir(programs);
  let index = 0;
  const written: string[] = [];
  for (const entry of from.entries) {
    for (const [name, file] of await namesOf(root, exports[entry].default.default)) {
      const write = async (kind: string, path: string) => {
        await Deno.writeTextFile(
          `${programs}${index}.${kind}.mjs`,
          `import { ${name} } from "${path}";\nglobalThis.used(${name});\n`,
        );
      };
      await write("entry", specifier(from, entry));
      await write("file", file);
      written[index++] = `${name} of ${specifier(from, entry)}`;
    }
  }
  if (written.length === 0) throw new Error(`Cannot read the names of ${from.name}`);
  await run(tools.esbuild, [
    ...["--bundle", "--minify", "--format=esm", "--log-level=error", "--outdir=names/bundled"],
    "--metafile=names/meta.json",
    ...EXTERNAL.map((name) => `--external:${name}`),
    ...written.flatMap((_, index) => [`names/${index}.entry.mjs`, `names/${index}.file.mjs`]),
  ], { cwd: directory });
  const { outputs }: Metafile = JSON.parse(await Deno.readTextFile(`${programs}meta.json`));
  const filesOf = (program: string) =>
    Object.entries(outputs[`names/bundled/${program}.js`]!.inputs)
      .filter(([file, { bytesInOutput }]) => !file.startsWith("names/") && bytesInOutput > 0)
      .map(([file]) => file).sort().join();
  const wrong: string[] = [];
  for (const [index, what] of written.entries()) {
    if (filesOf(`${index}.entry`) !== filesOf(`${index}.file`)) wrong.push(what);
  }
  if (wrong.length > 0) {
    throw new Error(`These must drop the rest of their entry point:\n${wrong.join("\n")}`);
  }
  await Deno.remove(programs, { recursive: true });
}

/**
 * Checks that \`"sideEffects": false\` is true: no module does anything when it is loaded, and a bundler
 * drops what is not used.
 *
 * @param directory a project that has the packages installed, and the optional peers
 */
export async function checkSideEffects(
  directory: string,
  packages: readonly Package[],
): Promise<void> {
  for (const from of packages) {
    await checkLoads(directory, from);
    await checkNames(directory, from);
  }
}
