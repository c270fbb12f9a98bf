import { createFolder } from "./consumer.ts";
import { BUSBAR, type Package } from "./packages.ts";
import { exists, run, step } from "./run.ts";
import { NPM_DIR, tools } from "./tools.ts";

/** A program that has OpenTelemetry's own set-up. */
const SDK_NODE = { "@opentelemetry/sdk-node": "0.301.0" };

/** The API, for what installs no peers by itself; as applications ask for it. */
const API = { "@opentelemetry/api": "^1.9.0" };

/** A package manager, and what it installs beside the package. */
interface Installation {
  readonly command: readonly [string, ...string[]];
  readonly beside: Readonly<Record<string, string>>;
}

const NPM = [
  "npm",
  "install",
  "--strict-peer-deps",
  "--no-audit",
  "--no-fund",
  "--silent",
] as const;

const PNPM = [
  ...[tools.node22, tools.pnpm, "install", "--strict-peer-dependencies", "--ignore-scripts"],
  "--reporter=append-only",
] as const;

/** Its cache is apart from the user's, so that the last tarball of this version can be removed. */
const YARN_CACHE = `${NPM_DIR}tools/yarn_cache`;

const YARN = [
  ...[tools.node22, tools.yarn, "install", "--non-interactive", "--ignore-scripts", "--silent"],
  ...["--cache-folder", YARN_CACHE],
] as const;

/** Peer dependencies are strict: what is missing or does not fit is an error. */
const INSTALLATIONS: Readonly<Record<string, Installation>> = {
  "npm": { command: NPM, beside: {} },
  "npm, beside sdk-node": { command: NPM, beside: SDK_NODE },
  "pnpm": { command: PNPM, beside: {} },
  "pnpm, without auto-install-peers, beside sdk-node": {
    command: [...PNPM, "--config.auto-install-peers=false"],
    beside: { ...SDK_NODE, ...API },
  },
  "Yarn 1, beside sdk-node": { command: YARN, beside: { ...SDK_NODE, ...API } },
};

/** How many copies of each OpenTelemetry package are in a project; pnpm's links are none. */
async function openTelemetryCopies(directory: string): Promise<ReadonlyMap<string, number>> {
  const found = await run("find", [
    ...["node_modules", "-type", "d"],
    ...["-regex", ".*node_modules/@opentelemetry/[^/]*"],
  ], { cwd: directory });
  const copies = new Map<string, number>();
  for (const path of found.trim().split("\n")) {
    const name = path.slice(path.lastIndexOf("@"));
    copies.set(name, (copies.get(name) ?? 0) + 1);
  }
  return copies;
}

/** Yarn may take a tarball of the same name and version from its cache, whatever is in the new one. */
async function forgetTarballs(): Promise<void> {
  if (!await exists(`${YARN_CACHE}/v6`)) return;
  for await (const { name } of Deno.readDir(`${YARN_CACHE}/v6`)) {
    if (!name.startsWith("npm-@busbar-")) continue;
    await Deno.remove(`${YARN_CACHE}/v6/${name}`, { recursive: true });
  }
}

/** Each package of OpenTelemetry is installed once, by several package managers. */
export async function checkCopies({ tarball }: Package): Promise<void> {
  await forgetTarballs();
  for (const [how, { command: [program, ...args], beside }] of Object.entries(INSTALLATIONS)) {
    await step(`one copy of each OpenTelemetry package: ${how}`, async () => {
      await using project = await createFolder({ [BUSBAR.name]: `file:${tarball}`, ...beside });
      await run(program, args, { cwd: project.directory });
      const copies = await openTelemetryCopies(project.directory);
      const several = [...copies].filter(([, count]) => count > 1);
      if (!copies.has("@opentelemetry/sdk-metrics") || several.length > 0) {
        throw new Error(
          `Cannot install one copy of each: ${JSON.stringify(Object.fromEntries(copies))}`,
        );
      }
    });
  }
}
