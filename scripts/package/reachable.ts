import { exists } from "./run.ts";

/** A relative import or export of compiled code or of declarations, also inside a type. */
const RELATIVE = /(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g;

/**
 * The files that some of a package need: all that they import, with their source maps.
 *
 * @param directory the unpacked package, with a slash at its end
 * @param entries paths in it, such as `./src/exit/mod.js`
 * @returns paths in it, without `./`
 */
export async function filesBehind(
  directory: string,
  entries: readonly string[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const waiting = entries.map((entry) => entry.replace(/^\.\//, ""));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    if (await exists(`${directory}${file}.map`)) found.add(`${file}.map`);
    const base = new URL(file, "file:///");
    for (const [, path] of (await Deno.readTextFile(directory + file)).matchAll(RELATIVE)) {
      const target = new URL(path!, base).pathname.slice(1);
      // Declarations name the code that they describe.
      waiting.push(file.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target);
    }
  }
  return [...found].sort();
}
