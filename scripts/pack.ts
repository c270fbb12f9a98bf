/**
 * Packs what goes to npm: `npm/busbar.tgz`, and `npm/core.tgz`, the part of it that has no dependency.
 *
 * `deno pack` compiles and writes the declarations; this completes its package.json, and gives the
 * source maps files of their own.
 *
 * @module
 */
import { complete, type Manifest } from "./package/manifest.ts";
import { BUSBAR, CORE, coreManifest, PACKAGES } from "./package/packages.ts";
import { filesBehind } from "./package/reachable.ts";
import { filesIn, run, say, step } from "./package/run.ts";
import { splitSourceMap } from "./package/source_maps.ts";
import { installTools, NPM_DIR } from "./package/tools.ts";
import { addWebTypes, WEB_TYPES_FILE } from "./package/web_types.ts";
import { writeTarball } from "./package/tarball.ts";

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
  await addWebTypes(directory, manifest);
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

if (import.meta.main) {
  await step("pack", pack);
  for (const { tarball } of PACKAGES) {
    const { size } = await Deno.stat(tarball);
    say(`    ${tarball} (${(size / 1024).toFixed(0)} KiB)`);
  }
}
