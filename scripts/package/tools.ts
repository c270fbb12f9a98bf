/**
 * The programs from npm that the package is checked with, at exact versions, in the git-ignored
 * `npm/tools`. Nothing here is a dependency of the package. Run as a script, this installs them.
 *
 * @module
 */
import { exists, run } from "./run.ts";

const platform = Deno.build.os === "windows" ? "win" : Deno.build.os;
const cpu = Deno.build.arch === "aarch64" ? "arm64" : "x64";
const bunCpu = Deno.build.arch === "aarch64" ? "aarch64" : "x64";

/** What is installed: a folder's name, and what npm puts there. */
const TOOLS = {
  publint: "0.3.25",
  "@arethetypeswrong/cli": "0.18.5",
  typescript: "7.0.2",
  esbuild: "0.28.2",
  workerd: "1.20261117.1",
  vite: "8.3.8",
  rollup: "4.68.8",
  "@rollup/plugin-node-resolve": "16.0.3",
  webpack: "5.113.0",
  pnpm: "9.15.9",
  yarn: "1.22.22",
  node22: `npm:node-${platform}-${cpu}@22.23.3`,
  node24: `npm:node-${platform}-${cpu}@24.21.0`,
  bun: `npm:@oven/bun-${platform}-${bunCpu}@1.4.5`,
} as const;

/** The folder that everything generated for npm goes to; git ignores it. */
export const NPM_DIR: string = new URL("../../npm/", import.meta.url).pathname;

const TOOLS_DIR = `${NPM_DIR}tools/`;

/** Where each program is, once {@linkcode installTools} has run. */
export const tools = {
  publint: `${TOOLS_DIR}node_modules/publint/src/cli.js`,
  attw: `${TOOLS_DIR}node_modules/@arethetypeswrong/cli/dist/index.js`,
  tsc: `${TOOLS_DIR}node_modules/typescript/bin/tsc`,
  esbuild: `${TOOLS_DIR}node_modules/esbuild/bin/esbuild`,
  /** Where the bundlers are imported from. */
  modules: `${TOOLS_DIR}node_modules/`,
  pnpm: `${TOOLS_DIR}node_modules/pnpm/bin/pnpm.cjs`,
  yarn: `${TOOLS_DIR}node_modules/yarn/bin/yarn.js`,
  workerd: `${TOOLS_DIR}node_modules/workerd/bin/workerd`,
  node22: `${TOOLS_DIR}node_modules/node22/bin/node`,
  node24: `${TOOLS_DIR}node_modules/node24/bin/node`,
  bun: `${TOOLS_DIR}node_modules/bun/bin/bun`,
} as const;

/** Installs the programs, unless these versions are there already. */
export async function installTools(): Promise<void> {
  const manifest = JSON.stringify({ private: true, dependencies: TOOLS }, null, 2);
  const path = `${TOOLS_DIR}package.json`;
  if (await exists(`${TOOLS_DIR}installed`) && await Deno.readTextFile(path) === manifest) return;
  await Deno.mkdir(TOOLS_DIR, { recursive: true });
  await Deno.writeTextFile(path, manifest);
  await run("npm", ["install", "--no-audit", "--no-fund", "--silent"], { cwd: TOOLS_DIR });
  await Deno.writeTextFile(path, manifest); // npm formats it its own way
  await Deno.writeTextFile(`${TOOLS_DIR}installed`, "");
}

if (import.meta.main) await installTools();
