/**
 * Packs what goes to npm: `npm/busbar.tgz`, and `npm/core.tgz`, the part of it that has no dependency.
 *
 * `deno pack` compiles and writes the declarations; this completes its package.json, and gives the
 * source maps files of their own.
 *
 * @module
 */
import { writeCommonJs } from "./package/common_js.ts";
import { complete, type EntryFiles, type Manifest } from "./package/manifest.ts";
import {
  BUSBAR,
  conditions,
  CORE,
  coreManifest,
  type Package,
  PACKAGES,
} from "./package/packages.ts";
import { filesBehind } from "./package/reachable.ts";
import { ROOT, run, say, step } from "./package/run.ts";
import { splitSourceMap } from "./package/source_maps.ts";
import { installTools, NPM_DIR } from "./package/tools.ts";
import { WEB_TYPES, WEB_TYPES_FILE, withWebTypes } from "./package/web_types.ts";

async function* filesIn(directory: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const path = directory + entry.name;
    if (entry.isDirectory) yield* filesIn(`${path}/`);
    else yield path;
  }
}

/** Packs the tarballs, and leaves them unpacked beside themselves. */
export async function pack(): Promise<void> {
  await installTools();
  await Deno.mkdir(NPM_DIR, { recursive: true });
  for (const { directory } of PACKAGES) {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
  const manifest = await compileAll();
  await writeTarball(BUSBAR, manifest);
  await copyCore(manifest);
  await writeTarball(CORE, coreManifest(manifest));
}

/** Compiles everything into the directory of the whole. @returns its package.json, completed */
async function compileAll(): Promise<Manifest> {
  const { directory, tarball } = BUSBAR;
  await run(Deno.execPath(), ["pack", "--allow-dirty", "-o", tarball]);
  await run("tar", ["xzf", tarball, "-C", NPM_DIR]);
  for await (const path of filesIn(directory)) {
    if (!path.endsWith(".js")) continue;
    const split = splitSourceMap(path, await Deno.readTextFile(path));
    if (split === undefined) continue;
    await Deno.writeTextFile(path, split.code);
    await Deno.writeTextFile(`${path}.map`, split.map);
  }
  const manifest = complete(JSON.parse(await Deno.readTextFile(`${directory}package.json`)));
  await Deno.writeTextFile(directory + WEB_TYPES_FILE, WEB_TYPES);
  for (const { types } of Object.values(manifest.exports)) {
    const path = types.replace(/^\.\//, "");
    const declarations = await Deno.readTextFile(directory + path);
    await Deno.writeTextFile(directory + path, withWebTypes(path, declarations));
  }
  return manifest;
}

/** Copies what the core's entry points import, and what npm shows of a package. */
async function copyCore({ exports }: Manifest): Promise<void> {
  const entryFiles = CORE.entries.flatMap((entry) => {
    const { default: code, types } = exports[entry]!;
    return [code, types];
  });
  const files = await filesBehind(BUSBAR.directory, entryFiles);
  for (const file of [...files, "LICENSE", "CHANGELOG.md", WEB_TYPES_FILE]) {
    const target = CORE.directory + file;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(BUSBAR.directory + file, target);
    if (!/\.(js|ts)$/.test(file)) continue;
    // Examples in docstrings import what the reader has.
    const text = await Deno.readTextFile(target);
    const ofCore = new RegExp(`(from "|import\\(")${BUSBAR.name}(?=["/])`, "g");
    await Deno.writeTextFile(target, text.replace(ofCore, `$1${CORE.name}`));
  }
}

async function writeTarball({ directory, tarball, readme }: Package, manifest: Manifest) {
  const files = (await Array.fromAsync(filesIn(directory))).map((path) =>
    path.slice(directory.length)
  );
  await writeCommonJs(directory, files);
  await Deno.copyFile(ROOT + readme, `${directory}README.md`);
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([entry, found]) => [entry, conditions(found)]),
  );
  const main = conditions(manifest.exports["."]!).require as EntryFiles;
  const written = { ...manifest, main: main.default, types: main.types, exports };
  await Deno.writeTextFile(`${directory}package.json`, JSON.stringify(written, null, 2) + "\n");
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", NPM_DIR], {
    cwd: directory,
  });
  await Deno.rename(NPM_DIR + packed.trim(), tarball);
}

if (import.meta.main) {
  await step("pack", pack);
  for (const { tarball } of PACKAGES) {
    const { size } = await Deno.stat(tarball);
    say(`    ${tarball} (${(size / 1024).toFixed(0)} KiB)`);
  }
}
