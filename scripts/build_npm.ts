/**
 * Builds the npm package with dnt, into `npm/dnt`: modules and declarations for every entry point
 * of `deno.json`, type-checked against Node's and the web's own types, and checked as `check:pack`
 * does.
 *
 * It has a configuration of its own, `scripts/npm.deno.json`, since it is the only one to download
 * from JSR. Where that cannot be reached, `deno task pack` makes the package.
 *
 * @module
 */
import { build, emptyDir } from "@deno/dnt";
import { checkPack } from "./check_pack.ts";
import { complete, entries, type EntryFiles, project } from "./package/manifest.ts";
import { BUSBAR, COMMON_JS } from "./package/packages.ts";
import { ROOT, say } from "./package/run.ts";
import { writeTarball } from "./package/tarball.ts";
import { installTools, NPM_DIR } from "./package/tools.ts";
import { addWebTypes, WEB_TYPES_FILE } from "./package/web_types.ts";

const OUTPUT = `${NPM_DIR}dnt`;

/** The same, packed. */
const TARBALL = `${NPM_DIR}busbar-dnt.tgz`;

await installTools();
await emptyDir(OUTPUT);
await build({
  entryPoints: Object.entries(project.exports).map(([name, path]) => ({ name, path: ROOT + path })),
  outDir: OUTPUT,
  shims: {},
  // No file is for Deno alone: each looks for what its runtime has when it runs.
  mappings: {},
  // Not `importMap`: that has no paths inside a package, as in "@grafana/…/dashboard".
  configFile: `${ROOT}deno.json`,
  esModule: true,
  scriptModule: false,
  declaration: "separate",
  typeCheck: "single",
  // The least Node has them all, and they would change the globals of whoever imports the package.
  polyfills: false,
  test: false,
  compilerOptions: {
    target: "ES2022",
    // The last is missing in dnt's list of names, not in its compiler.
    lib: ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable" as "DOM.Iterable"],
    sourceMap: true,
    inlineSources: true,
  },
  package: {
    name: project.name,
    version: project.version,
    license: project.license,
    // For the type check alone.
    devDependencies: { "@types/node": "^22.15.0" },
  },
});

const path = `${OUTPUT}/package.json`;
const { _generatedBy, devDependencies: _, scripts: _none, exports, ...written } = JSON.parse(
  await Deno.readTextFile(path),
);
const manifest = complete({
  ...written,
  // dnt has them for `import` alone; CommonJS is added as to what `deno pack` makes.
  exports: Object.fromEntries(
    Object.entries<{ import: EntryFiles }>(exports).map(([name, entry]) => [name, entry.import]),
  ),
});
for (const file of ["LICENSE", "CHANGELOG.md"]) {
  await Deno.copyFile(ROOT + file, `${OUTPUT}/${file}`);
}
await addWebTypes(`${OUTPUT}/`, manifest);
await writeTarball({ ...BUSBAR, directory: `${OUTPUT}/`, tarball: TARBALL }, {
  ...manifest,
  // The source maps have the sources.
  files: ["esm", "types", COMMON_JS, WEB_TYPES_FILE, "CHANGELOG.md"],
});
say(`Built ${entries.length} entry points into ${TARBALL}`);
await checkPack(TARBALL);
