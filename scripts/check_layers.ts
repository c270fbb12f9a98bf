// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Checks that the imports of `src/` follow the order of its folders, that tests import the package
 * as its users do, that no files import each other in a circle, be it only for types, and that no
 * file of `src/` or `tests/` is too long. Names everything that is wrong, and then fails.
 *
 * Run it with `deno task check:layers`.
 *
 * @module
 */
import { findCycles } from "./layers/cycles.ts";
import { readImports } from "./layers/import_graph.ts";
import { misplaced, wrongArrow } from "./layers/order.ts";

/** A longer file has a second noun in it. */
const MAX_LINES = 400;

/** The folders whose files are bounded in length; the imports of all are read. */
const BOUNDED = ["src", "tests"];
const FOLDERS = [...BOUNDED, "examples", "bench", "scripts"];

async function* filesIn(root: URL, folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(root, path);
    else if (/\.tsx?$/.test(name)) yield path;
  }
}

async function filesOf(root: URL, folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(filesIn(root, folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function lengthFault(root: URL, path: string): Promise<string | undefined> {
  const text = await Deno.readTextFile(new URL(path, root));
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return lines > MAX_LINES ? `${path} has ${lines} lines, at most ${MAX_LINES}` : undefined;
}

/** The entry points by their files, as an importer writes them. */
async function entryPoints(root: URL): Promise<ReadonlyMap<string, string>> {
  const { name, exports }: { name: string; exports: Readonly<Record<string, string>> } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  return new Map(
    Object.entries(exports).map(([entry, path]) => [path.slice(2), name + entry.slice(1)]),
  );
}

/**
 * What is wrong with the tree under `root`, a line each.
 *
 * @param root a folder's URL, with a slash at its end
 */
export async function findFaults(root: URL): Promise<string[]> {
  const files = (await Promise.all(FOLDERS.map((folder) => filesOf(root, folder)))).flat().sort();
  const imports = await readImports(root, ["mod.ts", ...files]);
  const bounded = files.filter((path) => BOUNDED.some((folder) => path.startsWith(`${folder}/`)));
  const faults: (string | undefined)[] = [];
  for (const path of files) {
    const reason = misplaced(path);
    if (reason !== undefined) faults.push(`${path} ${reason}`);
  }
  const entries = await entryPoints(root);
  for (const { from, to, line } of imports) {
    const entry = from.startsWith("tests/") ? entries.get(to) : undefined;
    const reason = entry === undefined ? wrongArrow(from, to) : `it is ${entry} to its users`;
    if (reason !== undefined) faults.push(`${from}:${line} must not import ${to}: ${reason}`);
  }
  for (const cycle of findCycles(imports)) faults.push(`a cycle of imports: ${cycle.join(" → ")}`);
  faults.push(...await Promise.all(bounded.map((path) => lengthFault(root, path))));
  return faults.filter((fault) => fault !== undefined);
}

if (import.meta.main) {
  const faults = await findFaults(new URL("../", import.meta.url));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) Deno.exit(1);
  console.log("The imports follow the order, without a cycle; no file is too long");
}
