// deno-lint-ignore-file no-console -- it prints what it finds
/**
 * How many bytes do the core, and what a library imports of it, cost a page? Bundles them, minified,
 * for browsers, and gzips them; fails when one has grown beyond its bound.
 *
 * Run it with `deno task check:size`.
 *
 * @module
 */
import { gzipSync } from "node:zlib";

/** What the core is to take in the end, in bytes: it does not yet. */
const CORE_TARGET_BYTES = 7_168;

/** What an entry point may take, in bytes. */
const MAX_BYTES: Readonly<Record<string, number>> = {
  "mod.ts": 7_700,
  "src/library/mod.ts": 600,
};

for (const [entry, maxBytes] of Object.entries(MAX_BYTES)) {
  const { success, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--minify",
      "--platform",
      "browser",
      new URL(`../${entry}`, import.meta.url).pathname,
    ],
  }).outputSync();
  if (!success) {
    console.error(new TextDecoder().decode(stderr));
    Deno.exit(1);
  }
  const { length } = gzipSync(stdout, { level: 9 });
  console.log(`${entry}: ${stdout.length} bytes minified, ${length} gzipped (at most ${maxBytes})`);
  if (entry === "mod.ts" && length > CORE_TARGET_BYTES) {
    console.log(`mod.ts is ${length - CORE_TARGET_BYTES} bytes above its target`);
  }
  if (length > maxBytes) {
    console.error("It has grown beyond its bound");
    Deno.exitCode = 1;
  }
}
