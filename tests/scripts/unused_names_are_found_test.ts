import { assert, assertEquals } from "@std/assert";
import { type PublicName, publicNames } from "../../scripts/surface/public_name.ts";
import {
  importedNames,
  placeOf,
  unusedNames,
  type Uses,
  wordsOfCode,
} from "../../scripts/surface/uses.ts";

function named(name: string, mentions: readonly string[] = []): PublicName {
  return { name, file: `src/otel/${name}.ts`, mentions: new Set(mentions) };
}

function unused(names: readonly PublicName[], uses: Readonly<Record<string, string[]>>): string[] {
  const map: Uses = new Map(
    Object.entries(uses).map(([name, paths]) => [name, new Set(paths.map(placeOf))]),
  );
  return unusedNames(names, map).map(({ name }) => name);
}

Deno.test("a name is used by another folder, an example or a page, not by its own folder", () => {
  const names = ["a", "b", "c", "d", "e"].map((name) => named(name));
  assertEquals(
    unused(names, {
      a: ["src/http/mod.ts"],
      b: ["examples/service/main.ts"],
      c: ["docs/guide.md"],
      d: ["src/otel/mod.ts", "src/otel/tracing/span.ts"],
    }),
    ["d", "e"],
  );
});

Deno.test("what stands in the types of a used name is used, and so on", () => {
  const names = [named("start", ["Options"]), named("Options", ["Level", "Map"]), named("Level")];
  assertEquals(unused(names, { start: ["README.md"] }), []);
  assertEquals(unused(names, { Level: ["README.md"] }), ["start", "Options"]);
});

Deno.test("an import is a use; a comment, a re-export and a declaration are none", () => {
  const code = `import { a, type B as Other } from "../bus/bus.ts";
import type { C, D as Own } from "../bus/bus.ts";
// import { no } from "./no.ts";
/** import { neither } from "./no.ts"; */
export { e } from "../bus/bus.ts";
export function f() {}
`;
  assertEquals(importedNames(code), ["a", "B", "C", "D"]);
});

Deno.test("a page uses what its snippets and its inline code name, not what its text says", () => {
  const page =
    "Take `start(Options)` to start.\n\n```ts\nimport { run } from 'x';\n```\n\nFor `x`.\n";
  assertEquals(wordsOfCode(page), ["start", "Options", "ts", "import", "run", "from", "x", "x"]);
});

Deno.test("names are read from every entry point, once each, with the types they mention", async () => {
  const names = await publicNames();
  const nameOf = new Map(names.map((name) => [name.name, name]));
  assertEquals(nameOf.size, names.length);
  assertEquals(nameOf.get("EventBus")?.file, "src/bus/event_bus.ts");
  assert(nameOf.get("EventBus")!.mentions.has("EventBusOptions"));
  assert(nameOf.get("RecordingSubscriber")!.mentions.has("EventSubscriber"));
  assert(nameOf.has("registerKvCache"));
});
