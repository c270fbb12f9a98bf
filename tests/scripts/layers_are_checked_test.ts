import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { findFaults } from "../../scripts/check_layers.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** A small tree in which everything is as it should be. */
const SOUND: Readonly<Record<string, string>> = {
  "deno.json": `{ "name": "@a/b", "exports": { ".": "./mod.ts", "./exit": "./src/exit/mod.ts" } }`,
  "mod.ts":
    `export { Bus } from "./src/bus/bus.ts";\nexport type { E } from "./src/events/e.ts";\n`,
  "src/events/e.ts": `export interface E {}\n`,
  "src/bus/bus.ts": `import type { E } from "../events/e.ts";\nexport class Bus { e?: E; }\n`,
  "src/exit/mod.ts": `import { Bus } from "../bus/bus.ts";\nexport const bus = new Bus();\n`,
  "src/otel/mod.ts": `export * from "../exit/mod.ts";\nimport "./a/part.ts";\n`,
  "src/otel/a/part.ts": `export type Known = string;\n`,
  "tests/bus/it_works_test.ts": `import "@a/b/exit";\nimport "../../src/bus/bus.ts";\n`,
};

/** The faults of the sound tree with some files put in or changed. */
async function faultsWith(changes: Readonly<Record<string, string>>): Promise<string[]> {
  await using folder = await temporaryFolder();
  const root = pathToFileURL(`${await Deno.realPath(folder.path)}/`);
  for (const [path, text] of Object.entries({ ...SOUND, ...changes })) {
    const file = new URL(path, root);
    await Deno.mkdir(new URL(".", file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  return await findFaults(root);
}

Deno.test("a tree in order has no faults", async () => {
  assertEquals(await faultsWith({}), []);
});

Deno.test("an import against the order is named with its line, however it is written", async () => {
  const text = `/** Wrong. */
import { bus } from "../exit/mod.ts";
export * from "../otel/mod.ts";
export type { Known } from "../otel/a/part.ts";
export type Late = import("../testing/mod.ts").Late;
export const late = () => import("../catalog/mod.ts");
`;
  const fine = "export type Late = string;\n";
  assertEquals(
    await faultsWith({
      "src/bus/wrong.ts": text,
      "src/testing/mod.ts": fine,
      "src/catalog/mod.ts": fine,
    }),
    [
      "src/bus/wrong.ts:2 must not import src/exit/mod.ts: bus stands before exit",
      "src/bus/wrong.ts:3 must not import src/otel/mod.ts: bus stands before otel",
      "src/bus/wrong.ts:4 must not import src/otel/a/part.ts: bus stands before otel",
      "src/bus/wrong.ts:5 must not import src/testing/mod.ts: bus stands before testing",
      "src/bus/wrong.ts:6 must not import src/catalog/mod.ts: bus stands before catalog",
    ],
  );
});

Deno.test("folders side by side do not import each other", async () => {
  assertEquals(await faultsWith({ "src/testing/mod.ts": `import "../exit/mod.ts";\n` }), [
    "src/testing/mod.ts:1 must not import src/exit/mod.ts: testing and exit stand side by side",
  ]);
});

Deno.test("mod.ts has the core alone, and nobody in src imports it", async () => {
  assertEquals(await faultsWith({ "mod.ts": `export * from "./src/exit/mod.ts";\n` }), [
    "mod.ts:1 must not import src/exit/mod.ts: mod.ts has the core alone, up to bus",
  ]);
  assertEquals(await faultsWith({ "src/http/mod.ts": `import "../../mod.ts";\n` }), [
    "src/http/mod.ts:1 must not import mod.ts: the core is imported file by file, not through mod.ts",
  ]);
});

Deno.test("the package imports nothing from beside it", async () => {
  assertEquals(
    await faultsWith({
      "src/exit/beside.ts": `import "../../tests/support/a.ts";\n`,
      "tests/support/a.ts": "export {};\n",
    }),
    [
      "src/exit/beside.ts:1 must not import tests/support/a.ts: " +
      "the package is made of mod.ts and src/ alone",
    ],
  );
});

Deno.test("a test imports an entry point by its name", async () => {
  assertEquals(
    await faultsWith({
      "tests/exit/it_ends_test.ts": `import "../../mod.ts";\nimport "../../src/exit/mod.ts";\n`,
    }),
    [
      "tests/exit/it_ends_test.ts:1 must not import mod.ts: it is @a/b to its users",
      "tests/exit/it_ends_test.ts:2 must not import src/exit/mod.ts: it is @a/b/exit to its users",
    ],
  );
});

Deno.test("a folder without a place in the order is named, and a file without a folder", async () => {
  assertEquals(
    await faultsWith({ "src/extras/mod.ts": "export {};\n", "src/loose.ts": "export {};\n" }),
    [
      "src/extras/mod.ts is in extras/, which has no place in the order",
      "src/loose.ts must be in a folder of src/",
    ],
  );
});

Deno.test("a cycle is named file by file, also one of types alone", async () => {
  assertEquals(
    await faultsWith({
      "src/bus/a.ts": `import type { B } from "./b.ts";\nexport type A = B | 1;\n`,
      "src/bus/b.ts": `import type { C } from "./c.ts";\nexport type B = C | 2;\n`,
      "src/bus/c.ts": `export type C = import("./a.ts").A | 3;\n`,
      "tests/support/one.ts": `import "./two.ts";\n`,
      "tests/support/two.ts": `export * from "./one.ts";\n`,
    }),
    [
      "a cycle of imports: src/bus/a.ts → src/bus/b.ts → src/bus/c.ts → src/bus/a.ts",
      "a cycle of imports: tests/support/one.ts → tests/support/two.ts → tests/support/one.ts",
    ],
  );
});

Deno.test("a file of more than 400 lines is named, in src and in tests", async () => {
  const lines = (count: number) => "// A line.\n".repeat(count);
  assertEquals(
    await faultsWith({
      "src/bus/just_so.ts": lines(400),
      "src/bus/long.ts": lines(401),
      "tests/bus/long_test.ts": lines(400) + "// The last.",
      "scripts/long.ts": lines(1_000),
    }),
    [
      "src/bus/long.ts has 401 lines, at most 400",
      "tests/bus/long_test.ts has 401 lines, at most 400",
    ],
  );
});
