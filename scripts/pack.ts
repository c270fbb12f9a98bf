/**
 * Packs what goes to npm: `npm/busbar.tgz`.
 *
 * `deno pack` compiles and writes the declarations; this completes its package.json, and gives the
 * source maps files of their own.
 *
 * @module
 */
import { complete } from "./package/manifest.ts";
import { run, say, step } from "./package/run.ts";
import { splitSourceMap } from "./package/source_maps.ts";
import { NPM_DIR } from "./package/tools.ts";

/** The packed tarball. */
export const TARBALL = `${NPM_DIR}busbar.tgz`;

/** The same, unpacked. */
export const PACKAGE_DIR = `${NPM_DIR}package/`;

async function* filesIn(directory: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(directory)) {
    const path = directory + entry.name;
    if (entry.isDirectory) yield* filesIn(`${path}/`);
    else yield path;
  }
}

/** Packs the tarball, and leaves it unpacked beside it. */
export async function pack(): Promise<void> {
  await Deno.mkdir(NPM_DIR, { recursive: true });
  await Deno.remove(PACKAGE_DIR, { recursive: true }).catch(() => {});
  await run(Deno.execPath(), ["pack", "--allow-dirty", "-o", TARBALL]);
  await run("tar", ["xzf", TARBALL, "-C", NPM_DIR]);
  for await (const path of filesIn(PACKAGE_DIR)) {
    if (!path.endsWith(".js")) continue;
    const split = splitSourceMap(path, await Deno.readTextFile(path));
    if (split === undefined) continue;
    await Deno.writeTextFile(path, split.code);
    await Deno.writeTextFile(`${path}.map`, split.map);
  }
  const manifest = `${PACKAGE_DIR}package.json`;
  const completed = complete(JSON.parse(await Deno.readTextFile(manifest)));
  await Deno.writeTextFile(manifest, JSON.stringify(completed, null, 2) + "\n");
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", NPM_DIR], {
    cwd: PACKAGE_DIR,
  });
  await Deno.rename(NPM_DIR + packed.trim(), TARBALL);
}

if (import.meta.main) {
  await step("pack", pack);
  const { size } = await Deno.stat(TARBALL);
  say(`    ${TARBALL} (${(size / 1024).toFixed(0)} KiB)`);
}
