// deno-lint-ignore-file no-console -- it prints what it finds
/**
 * How many bytes does the core cost a page? Bundles `mod.ts`, minified, for browsers, and gzips it;
 * fails when it has grown beyond its bound.
 *
 * Run it with `deno task check:size`.
 *
 * @module
 */
import { gzipSync } from "node:zlib";

/** What it may take. */
const MAX_BYTES = 6_144;

const core = new URL("../mod.ts", import.meta.url).pathname;
const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
  args: ["bundle", "--quiet", "--minify", "--platform", "browser", core],
}).outputSync();
if (!success) {
  console.error(new TextDecoder().decode(stderr));
  Deno.exit(1);
}
const { length } = gzipSync(stdout, { level: 9 });
console.log(`The core: ${stdout.length} bytes minified, ${length} gzipped (at most ${MAX_BYTES})`);
if (length > MAX_BYTES) {
  console.error("It has grown beyond its bound");
  Deno.exit(1);
}
