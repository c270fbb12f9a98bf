/**
 * Runs the property tests with many more random cases than usual. A case that fails is printed,
 * shrunk, with the seed that makes it again.
 *
 * `deno task fuzz 100` tries a hundred times as many cases, `deno task fuzz 100 tests/bus/` does so
 * with the files that have this in their path.
 *
 * @module
 */
import { filesIn, ROOT, say } from "./package/run.ts";

const PROPERTIES = "support/properties.ts";

const [times, part = ""] = Deno.args;
if (!(Number(times) >= 1) || Deno.args.length > 2) {
  say("Usage: deno task fuzz <how many times as many cases> [part of a path]");
  Deno.exit(2);
}
const files: string[] = [];
for await (const path of filesIn(`${ROOT}tests/`)) {
  if (!path.endsWith("_test.ts") || !path.slice(ROOT.length).includes(part)) continue;
  if ((await Deno.readTextFile(path)).includes(PROPERTIES)) files.push(path.slice(ROOT.length));
}
if (files.length === 0) {
  say(`No property test has ${JSON.stringify(part)} in its path`);
  Deno.exit(2);
}
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    ...["test", "--quiet", "--allow-all", "--preload=scripts/fuzz/preload.ts"],
    ...[...files.sort(), "--", times as string],
  ],
  cwd: ROOT,
}).spawn().status;
Deno.exitCode = code;
