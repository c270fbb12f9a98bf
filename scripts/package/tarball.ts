import { writeCommonJs } from "./common_js.ts";
import type { EntryFiles, Manifest } from "./manifest.ts";
import { conditions, type Package } from "./packages.ts";
import { filesIn, ROOT, run } from "./run.ts";
import { NPM_DIR } from "./tools.ts";

/** Adds CommonJS, the README and package.json to an unpacked package, and packs it. */
export async function writeTarball(
  { directory, tarball, readme }: Package,
  manifest: Manifest,
): Promise<void> {
  const files = await Array.fromAsync(filesIn(directory), (path) => path.slice(directory.length));
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
