import { assertEquals } from "@std/assert";
import { makeCatalog } from "../../scripts/conformance/catalogs.ts";
import { compare, type Format } from "../../scripts/conformance/compare.ts";
import { FAULTS, plant } from "../../scripts/conformance/faults.ts";
import { Random } from "../../scripts/conformance/random.ts";
import type { Reading } from "../../scripts/conformance/readers.ts";
import { parseOpenMetrics, parsePrometheus } from "../support/exposition.ts";

/** What this project's own strict parser finds: the run asks others'. */
function read(format: Format, text: string): Reading {
  const reading = { reader: "exposition", samples: [], families: {} };
  try {
    const found = (format === "openmetrics" ? parseOpenMetrics : parsePrometheus)(text);
    return {
      ...reading,
      families: Object.fromEntries(
        [...found].map((
          [name, { type, unit = "", help = "" }],
        ) => [name, { type, unit, help }]),
      ),
      samples: [...found.values()].flatMap(({ samples }) =>
        [...samples].map(([series, value]) => {
          const brackets = series.indexOf("[");
          return {
            name: series.slice(0, brackets),
            labels: Object.fromEntries(JSON.parse(series.slice(brackets))),
            value: String(value),
          };
        })
      ),
    };
  } catch (error) {
    return { ...reading, error: String(error) };
  }
}

const FORMATS: readonly Format[] = ["prometheus", "openmetrics"];

Deno.test("random catalogs are scraped as was written down of them", async () => {
  for (let seed = 0; seed < 30; seed++) {
    await using catalog = await makeCatalog(new Random(seed));
    for (const format of FORMATS) {
      const text = (await catalog.metrics.scrape(format)).toWellFormed();
      assertEquals(compare(catalog.expected, format, read(format, text)), [], `${seed} ${format}`);
    }
  }
});

Deno.test("each planted fault is found, in both formats", async () => {
  for (const fault of Object.keys(FAULTS)) {
    for (let seed = 0; seed < 5; seed++) {
      await using catalog = await makeCatalog(new Random(seed));
      for (const format of FORMATS) {
        const text = (await catalog.metrics.scrape(format)).toWellFormed();
        const planted = read(format, plant(fault, text, new Random(seed)));
        assertEquals(
          compare(catalog.expected, format, planted).length > 0,
          true,
          `${fault} ${seed}`,
        );
      }
    }
  }
});

Deno.test("a seed makes the same catalog again", async () => {
  const scrapes: string[] = [];
  for (let i = 0; i < 2; i++) {
    await using catalog = await makeCatalog(new Random(4));
    scrapes.push(await catalog.metrics.scrape());
  }
  assertEquals(scrapes[0], scrapes[1]);
});
