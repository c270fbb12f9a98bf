import { assert, assertEquals } from "@std/assert";
import fc from "./properties.ts";

const TESTS = new URL("../", import.meta.url);
const PROPERTIES = "support/properties.ts";

async function* sourcesIn(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sourcesIn(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts")) yield new URL(name, folder);
  }
}

Deno.test("lists reach their maximum, and a quarter of them or more are half as long", () => {
  const lengths = fc.sample(fc.array(fc.nat(), { maxLength: 100 }), 1_000)
    .map(({ length }) => length);
  assert(Math.max(...lengths) > 95, `the longest has ${Math.max(...lengths)} elements`);
  const long = lengths.filter((length) => length >= 50).length;
  assert(long > 250, `only ${long} of 1,000 have 50 elements or more`);
});

Deno.test("no test imports fast-check but through tests/support/properties.ts", async () => {
  const importing: string[] = [];
  for await (const source of sourcesIn(TESTS)) {
    const path = source.href.slice(TESTS.href.length);
    const imports = /(from|import)\s*\(?\s*"(npm:)?fast-check/.test(
      await Deno.readTextFile(source),
    );
    if (imports) importing.push(path);
  }
  assertEquals(importing, [PROPERTIES]);
});
