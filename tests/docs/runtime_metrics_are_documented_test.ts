import { assert, assertEquals } from "@std/assert";
import { RUNTIME_METRICS } from "../support/runtime_metrics.ts";

const page = await Deno.readTextFile(
  new URL("../../docs/guides/runtime-metrics.md", import.meta.url),
);

/** The cells of the rows of the table with such a heading, without marks. */
function rowsUnder(heading: string): string[][] {
  const table = new RegExp(`^\\| ${heading} .*\\n\\|[ |-]+\\n((?:\\|.*\\n)+)`, "m").exec(page)?.[1];
  return (table ?? "").trim().split("\n").map((row) =>
    row.split("|").slice(1, -1).map((cell) => cell.trim().replace(/^[_`]+|[_`]+$/g, ""))
  );
}

Deno.test("the page has all of the runtime's metrics, and who has them", () => {
  assertEquals(
    rowsUnder("metric"),
    RUNTIME_METRICS.map(({ name, unit, attribute = "", family, type, runtimes }) => [
      name,
      unit,
      attribute,
      type === "counter" ? `${family}_total` : family,
      ...["Deno", "Node", "Bun"].map((runtime) =>
        (runtimes as readonly string[]).includes(runtime) ? "yes" : ""
      ),
    ]),
  );
});

Deno.test("its queries are of metrics and labels that there are", () => {
  const queries = rowsUnder("question").join("\n");
  const known = RUNTIME_METRICS.flatMap(({ family, type, attribute = "" }) => [
    ...{ counter: [`${family}_total`], gauge: [family], histogram: [`${family}_sum`] }[type],
    attribute.replaceAll(".", "_"),
  ]);
  const named = [...new Set(queries.match(/\b(?:nodejs|v8js|jsc|process|cpu)_\w+/g))];
  assert(named.length > 7, `only ${named.length}`);
  assertEquals(named.filter((name) => !known.includes(name)), []);
});
