// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Counts the distinct names that the entry points export, and lists those that nobody uses: no
 * other folder of `src/`, no example and no page of the documentation, nor the types of a name that
 * one of these uses. With `--check` it fails when there are such, or too many names.
 *
 * Run it with `deno task surface`.
 *
 * @module
 */
import { publicNames } from "./surface/public_name.ts";
import { readUses, unusedNames } from "./surface/uses.ts";

/** There must be fewer names than this. */
const TOO_MANY = 305;

const names = await publicNames();
const unused = unusedNames(names, await readUses());
console.log(`${names.length} public names (must be fewer than ${TOO_MANY})`);
if (unused.length > 0) {
  console.log(`${unused.length} of them nobody uses:`);
  for (const { name, file } of unused) console.log(`  ${name} (${file})`);
}
if (Deno.args.includes("--check") && (unused.length > 0 || names.length >= TOO_MANY)) {
  console.error("Use them outside of their folder, show them in the docs, or export them no more");
  Deno.exit(1);
}
