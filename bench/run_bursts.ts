/**
 * Runs `bursts.ts` on a runtime, beside the bus as it was at commit 9043328: that commit is taken from
 * the repository's history and bundled, as the bench itself is for other runtimes than Deno.
 *
 * Run it with `deno task bench:bursts [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import { bundle, run, runtimeNamed } from "./runtimes.ts";

const COMMIT = "9043328";

const name = Deno.args[0] ?? "deno";
const runtime = runtimeNamed(name);
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
  const options = [
    "bundle",
    "--quiet",
    "--platform",
    "node",
    "mod.ts",
    "-o",
    before,
  ];
  await run([Deno.execPath(), ...options], { cwd: folder });
  const source = "bench/bursts.ts";
  const bundled = `${folder}/bursts.mjs`;
  if (name !== "deno") await bundle(source, bundled);
  await run([...runtime, name === "deno" ? source : bundled], {
    env: { BUSBAR_BEFORE: before },
  });
} finally {
  await Deno.remove(folder, { recursive: true });
}
