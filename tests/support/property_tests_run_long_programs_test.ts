import { assert, assertEquals } from "@std/assert";
import fc from "./properties.ts";
import { sourcesIn } from "./sources.ts";

const TESTS = new URL("../", import.meta.url);
const PROPERTIES = "support/properties.ts";

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
