import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { type Mutant, mutantsOf, sample } from "../../scripts/mutate/mutants.ts";
import { MutationRun, type Outcome } from "../../scripts/mutate/mutation_run.ts";
import { nameOf, OutcomeTable, unnoticedIn } from "../../scripts/mutate/outcome_table.ts";
import { start } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const changesOf = (text: string) => mutantsOf("a.ts", text).map(({ change }) => change);

Deno.test("conditions, bounds, sums, constants, results and steps are broken", () => {
  const table: [text: string, ...changes: string[]][] = [
    ["const a = b < c;", "b < c  →  b <= c"],
    ["const a = b >= c;", "b >= c  →  b > c"],
    ["const a = b === c;", "b === c  →  b !== c"],
    ["const a = b && c;", "b && c  →  b || c"],
    ["const a = b ?? c;", "b ?? c  →  b"],
    ["const a = b * c;", "b * c  →  b / c"],
    ["const a = 1_024;", "1_024  →  1025"],
    ["const a = !b;", "!b  →  b"],
    ["const a = true;", "true  →  false"],
    ["const a = b ? c : d;", "b  →  true", "b  →  false"],
    ["const a = Math.min(b, c);", "Math.min(b, c)  →  Math.max(b, c)"],
    ["const a = () => b;", "() => b  →  () => undefined"],
    ["a++;", "without a++;", "a++  →  a--"],
    ["a += b;", "without a += b;", "a += b  →  a -= b"],
    ["a.b();", "without a.b();"],
    ["if (a) b = c;", "a  →  true", "a  →  false", "without b = c;"],
    ["while (a) break;", "a  →  false", "without break;"],
    ["for (; a;) throw b;", "a  →  false", "without throw b;"],
    ["function a() { return b; }", "return b;  →  return undefined;"],
  ];
  for (const [text, ...changes] of table) assertEquals(changesOf(text), changes, text);
});

Deno.test("types, imports, names of options and constants that are results are left alone", () => {
  const texts = [
    `import a from "b";`,
    `export { a } from "b";`,
    "interface A { readonly b: true }",
    "type A = 1 | true;",
    "const a: 1 = b as 2;",
    "const NAMES = { ...a, b: true, c: true };",
    "function a() { return undefined; }",
    "class A extends B { constructor() { super(c); } }",
    "// a < b",
  ];
  for (const text of texts) assertEquals(changesOf(text), [], text);
});

Deno.test("a break says where it is, and what it leaves out, in a line", () => {
  const text = "const a = 1;\n\nb(\n  c,\n);\n";
  const [one, step] = mutantsOf("src/a.ts", text) as [Mutant, Mutant];
  assertEquals([one.file, one.line, step.line], ["src/a.ts", 1, 3]);
  assertEquals(step.change, "without b( c, );");
  assertEquals(text.slice(step.start, step.end), "b(\n  c,\n);");
});

Deno.test("a sample is spread over the list, and always the same", () => {
  const items = Array.from({ length: 100 }, (_, index) => index);
  assertEquals(sample(items, 4), [12, 37, 62, 87]);
  assertEquals(sample(items, 1_000), items);
});

const CLAMP = `export function clamp(a: number, max: number): number {
  if (a > max) return max;
  return a;
}
export function twice(a: number): number {
  // Nobody calls it.
  return a * 2;
}
`;
const FILES: Readonly<Record<string, string>> = {
  "deno.json": "{}",
  ".gitignore": "ignored.ts",
  "ignored.ts": "",
  "src/math/clamp.ts": CLAMP,
  "tests/math/clamp_test.ts": `import { clamp } from "../../src/math/clamp.ts";
Deno.test("a large number is clamped", () => {
  if (clamp(7, 5) !== 5) throw new Error();
});
`,
  "tests/math/small_test.ts": `import { clamp } from "../../src/math/clamp.ts";
Deno.test("a small number is not clamped", () => {
  if (clamp(3, 5) !== 3) throw new Error();
});
`,
  "tests/workerd/twice_test.ts": `import { twice } from "../../src/math/clamp.ts";
Deno.test("twice is twice", () => {
  if (twice(3) !== 6) throw new Error();
});
`,
  "tests/math/broken_test.ts": `throw new Error();`,
};

Deno.test("a break is killed, survives or is not run, and the tree stays as it is", async () => {
  await using folder = await temporaryFolder();
  const root = pathToFileURL(`${await Deno.realPath(folder.path)}/`);
  for (const [path, text] of Object.entries(FILES)) {
    await Deno.mkdir(new URL(".", new URL(path, root)), { recursive: true });
    await Deno.writeTextFile(new URL(path, root), text);
  }
  {
    await using git = start("git", ["init", "--quiet", root.pathname]);
    assertEquals((await git.ended).code, 0);
  }
  const mutants = mutantsOf("src/math/clamp.ts", CLAMP);
  const outcomes = new Map<string, Outcome>();
  const table = new OutcomeTable();
  await using run = await MutationRun.create(root.pathname, 2);
  await run.measure(["tests/math/clamp_test.ts"]);
  await run.try(mutants, (mutant, outcome) => {
    outcomes.set(mutant.change, outcome);
    table.set(mutant, outcome);
  });
  assertEquals(Object.fromEntries(outcomes), {
    "a > max  →  true": "survived",
    "a > max  →  false": "killed",
    "a > max  →  a >= max": "survived",
    "return max;  →  return undefined;": "killed",
    "return a;  →  return undefined;": "survived",
    "a * 2  →  a / 2": "not run",
    "return a * 2;  →  return undefined;": "not run",
    "2  →  3": "not run",
  });
  assertEquals(table.unnoticed().length, 6);

  await run.measure(["tests/math/clamp_test.ts", "tests/math/small_test.ts"]);
  const tried = new Set(["tests/math/clamp_test.ts"]);
  await run.try(table.unnoticed(), (mutant, outcome) => table.set(mutant, outcome), tried);
  assertEquals(
    `${table}`,
    `survived  src/math/clamp.ts:2  a > max  →  a >= max
not run   src/math/clamp.ts:7  return a * 2;  →  return undefined;
not run   src/math/clamp.ts:7  a * 2  →  a / 2
not run   src/math/clamp.ts:7  2  →  3

killed  survived  not run
     4         1        3  src/math/clamp.ts
     4         1        3  all`,
  );

  // What these run is not known: they are tried on every break.
  await run.measure(["tests/workerd/twice_test.ts"]);
  await run.try(table.unnoticed(), (mutant, outcome) => table.set(mutant, outcome), tried);
  assertEquals(table.unnoticed().map(({ change }) => change), ["a > max  →  a >= max"]);
  assertEquals(await Deno.readTextFile(new URL("src/math/clamp.ts", root)), CLAMP);
  // Its output says which are to be tried again, wherever in the file they are by then.
  const again = unnoticedIn(`${table}`);
  const moved = mutantsOf("src/math/clamp.ts", `// A line.\n${CLAMP}`);
  assertEquals(moved.filter((mutant) => again.has(nameOf(mutant))).map(({ line }) => line), [3]);

  const error = await run.measure(["tests/math/broken_test.ts"]).catch((error: Error) => error);
  assert(error instanceof Error);
  assertEquals(error.message, "Cannot mutate: tests/math/broken_test.ts fails on sound sources");
});
