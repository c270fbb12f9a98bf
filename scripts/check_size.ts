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

/** What the core is meant to take. */
const TARGET_BYTES = 5_000;
/** What it may take until it does: it must not grow again. */
const MAX_BYTES = 5_600;

const core = new URL("../mod.ts", import.meta.url).pathname;
const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
  args: ["bundle", "--quiet", "--minify", "--platform", "browser", core],
}).outputSync();
if (!success) {
  console.error(new TextDecoder().decode(stderr));
  Deno.exit(1);
}
const { length } = gzipSync(stdout, { level: 9 });
console.log(
  `The core: ${stdout.length} bytes minified, ${length} gzipped (target ${TARGET_BYTES})`,
);
if (length > MAX_BYTES) {
  console.error(`It may take ${MAX_BYTES} at most`);
  Deno.exit(1);
}
