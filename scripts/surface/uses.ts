import { ROOT, run } from "../package/run.ts";
import type { PublicName } from "./public_name.ts";

/** Code that uses names of the package, by the place that it is in: a folder of `src/`, or else. */
export type Uses = ReadonlyMap<string, ReadonlySet<string>>;

/** `src/otel/a/b.ts` is in the place `src/otel`, each other file in that of its first folder. */
export function placeOf(path: string): string {
  return /^src\/[^/]+(?=\/)/.exec(path)?.[0] ?? path.split("/")[0]!;
}

/** The names that a module imports; what it exports from elsewhere it does not use. */
export function importedNames(code: string): string[] {
  const withoutComments = code.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  const lists = withoutComments.matchAll(/\bimport (?:type )?\{([^}]*)\}/g);
  return [...lists].flatMap(([, list]) =>
    list!.split(",").map((item) => item.trim().replace(/^type /, "").split(" ")[0]!)
      .filter((name) => name !== "")
  );
}

/** The words of a page's snippets and of its code within the text. */
export function wordsOfCode(markdown: string): string[] {
  const code = markdown.match(/^```[^]*?^```|`[^`\n]+`/gm) ?? [];
  return code.flatMap((snippet) => snippet.match(/[\w$]+/g) ?? []);
}

/** Reads who imports what in `src/` and the examples, and what the README and `docs/` show. */
export async function readUses(): Promise<Uses> {
  const listed = await run("git", ["ls-files", "src", "examples", "docs", "README.md"]);
  const uses = new Map<string, Set<string>>();
  for (const path of listed.trim().split("\n")) {
    const namesOf = path.endsWith(".md")
      ? wordsOfCode
      : path.endsWith(".ts")
      ? importedNames
      : undefined;
    if (namesOf === undefined) continue;
    for (const name of namesOf(await Deno.readTextFile(ROOT + path))) {
      const places = uses.get(name) ?? new Set();
      uses.set(name, places.add(placeOf(path)));
    }
  }
  return uses;
}

/**
 * The names that nobody uses: no folder of `src/` but their own, no example, no page of the
 * documentation; and that stand in the types of no name that somebody uses either.
 */
export function unusedNames(names: readonly PublicName[], uses: Uses): PublicName[] {
  const byName = new Map(names.map((name) => [name.name, name]));
  const used = new Set<PublicName>();
  for (const name of names) {
    const own = placeOf(name.file);
    if ([...uses.get(name.name) ?? []].some((place) => place !== own)) used.add(name);
  }
  for (const { mentions } of used) {
    for (const mention of mentions) {
      const mentioned = byName.get(mention);
      if (mentioned !== undefined) used.add(mentioned);
    }
  }
  return names.filter((name) => !used.has(name));
}
