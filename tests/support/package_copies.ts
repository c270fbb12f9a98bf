/**
 * Copies of the package in one program, as when a library brings its own: bundled, so that they share
 * no module with it.
 *
 * @module
 */
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as core from "@busbar/busbar";
import { assert } from "@std/assert";

/** How a copy differs from the program's own. */
export interface CopyOptions {
  /** ES module or CommonJS. Default: `"esm"`. */
  readonly format?: "esm" | "cjs";
  /** The version of what it agrees on with others. Default: that of the program's own. */
  readonly contractVersion?: number;
}

/** Bundles an entry point of the package into a folder, and loads it. */
export async function loadCopy<Module = typeof core>(
  folder: string,
  entry: string,
  { format = "esm", contractVersion }: CopyOptions = {},
): Promise<Module> {
  const file = `${folder}/${crypto.randomUUID()}.${format === "cjs" ? "cjs" : "mjs"}`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--format",
      format,
      "-o",
      file,
      fileURLToPath(import.meta.resolve(entry)),
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  if (contractVersion !== undefined) {
    const text = await Deno.readTextFile(file);
    const changed = text.replace(/(CONTRACT_VERSION = )\d+/, `$1${contractVersion}`);
    assert(changed !== text, "the bundle has no version to change");
    await Deno.writeTextFile(file, changed);
  }
  return format === "cjs"
    ? createRequire(import.meta.url)(file)
    : await import(pathToFileURL(file).href);
}
