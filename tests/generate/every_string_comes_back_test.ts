import { assertEquals, assertThrows } from "@std/assert";
import { marked, type Token } from "marked";
import { writeFile } from "node:fs/promises";
import { parse } from "yaml";
import { declare } from "@busbar/busbar/catalog";
import {
  busAlerts,
  eventsMarkdown,
  grafanaDashboard,
  kvCacheAlerts,
  metricsMarkdown,
  rulesYaml,
} from "@busbar/busbar/generate";
import { installed, run } from "../support/processes.ts";
import fc, { runs } from "../support/properties.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const { catalog, counter, span } = declare();

/** Texts that mean something in Markdown, PromQL, templates, YAML or Grafana. */
const PIECES = [
  ..."` `` * _ ** __ # > < & | \\ \" ' { } {{ }} [ ] ( ) ! ~ ~~~ - + = 1. 2) $ ${x} [[x]] <b> &lt;"
    .split(" "),
  ...[
    "\n",
    "\n\n",
    "\t",
    "    ",
    "\r\n",
    "{{ $value }}",
    "$datasource",
    "---",
    "a",
    "Z",
    "é",
    "监",
    "😀",
  ],
  ...["yes", "0x1f", "2026-01-01", ": ", " #", "%", "@", "|", "http://a.b", "\u2028", "_a_", "a_b"],
];
const text = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme" })), {
  minLength: 1,
  maxLength: 12,
}).map((pieces) => pieces.join("")).filter((text) => text.trim() !== "");

/** A text as a line of a document shows it. */
function shown(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what it is for
  return text.replace(/\s+/g, " ").trim().replace(/[\0-\x1f\x7f-\x9f]/g, "\ufffd");
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
};

/** What a reader sees of parsed Markdown. */
function visible(tokens: readonly Token[] = []): string {
  return tokens.map((token) => {
    if ("tokens" in token && token.tokens !== undefined) return visible(token.tokens);
    const { text, type } = token as { text: string; type: string };
    if (type === "html") throw new Error(`HTML: ${text}`);
    if (type === "codespan") return text;
    return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name] as string);
  }).join("");
}

/** The blocks of a document: what each is, and what a reader sees of it. */
function blocksOf(markdown: string): [type: string, ...texts: string[]][] {
  return marked.lexer(markdown).filter(({ type }) => type !== "space").map((token) => {
    if (token.type !== "table") return [token.type, visible([token])];
    const cells = [token.header, ...token.rows].flat() as { tokens: Token[] }[];
    return ["table", ...cells.map(({ tokens }) => visible(tokens))];
  });
}

Deno.test("a document shows each string of a catalog as it is, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.record({ title: text, type: text, field: text, unit: text, meaning: text, name: text }),
      ({ title, type, field, unit, meaning, name }) => {
        const shop = catalog({
          events: {
            [type]: { description: meaning, metadata: { [field]: { description: meaning, unit } } },
          },
          metrics: { hits: counter(type, { description: meaning }) },
          spans: { [name]: span(type, `${type}.end`) },
        } as never);
        assertEquals(blocksOf(eventsMarkdown(shop, title)).filter((_, i) => i !== 1), [
          ["heading", shown(title)],
          ["heading", shown(type)],
          ["paragraph", shown(meaning)],
          ["table", "metadata", "unit", "meaning", shown(field), shown(unit), shown(meaning)],
          ["paragraph", `Becomes: the metric hits, the span ${shown(name)}.`],
        ]);
        const [, , heading, description, table] = blocksOf(metricsMarkdown(shop, title));
        assertEquals([heading, description], [["heading", "hits"], ["paragraph", shown(meaning)]]);
        assertEquals(table?.at(-1), shown(type));
      },
    ),
    runs(150),
  );
});

Deno.test("a panel's description is shown as it is, with no variable in it", () => {
  fc.assert(
    fc.property(text, (description) => {
      const shop = catalog({ metrics: { hits: counter("hit", { description }) } } as never);
      const { panels } = JSON.parse(grafanaDashboard(shop, { title: description }));
      const [{ description: written }] = panels.filter(({ title }: { title: string }) =>
        title === "hits_total"
      );
      // What Grafana replaces (grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax).
      assertEquals(/\$\w+|\$\{|\[\[/.test(written), false, written);
      const [[, seen]] = blocksOf(written) as [[string, string]];
      const plain = seen.replaceAll("&#36;", "$").replaceAll("&#91;", "[");
      assertEquals(plain, shown(description));
    }),
    runs(150),
  );
});

// prometheus.io/docs/prometheus/latest/querying/basics, "String literals"; text/template, "Text"
Deno.test("a job and a group come back out of YAML, PromQL and template as they went in", () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: "binary", minLength: 1 })), (job) => {
      const { groups: [group] } = parse(rulesYaml(job, busAlerts({ job }))) as {
        groups: {
          name: string;
          rules: { alert: string; expr: string; annotations: { summary: string } }[];
        }[];
      };
      assertEquals(group?.name, job);
      const down = group?.rules.find(({ alert }) => alert === "ExporterDown");
      const [, literal = ""] =
        /^up\{job=("(?:[^"\\\n]|\\.)*")\} == 0 or absent\(up\{job=\1\}\)$/.exec(down?.expr ?? "") ??
          [];
      assertEquals(JSON.parse(literal), job.toWellFormed());
      // Unless it is escaped, Prometheus takes it for broken UTF-8.
      assertEquals(down?.expr.includes("\ufffd"), false);
      const summary = down?.annotations.summary.replaceAll('{{ "{{" }}', "\0\0");
      assertEquals(summary?.includes("{{"), false, summary);
      assertEquals(summary, `No scrape of ${job.replaceAll("{{", "\0\0")} succeeds`);
    }),
    runs(500),
  );
});

Deno.test({
  name: "promtool takes rules of any job, prefix and group",
  ignore: !installed("promtool"),
  async fn() {
    await using folder = await temporaryFolder();
    const jobs = fc.sample(fc.oneof(text, fc.string({ unit: "binary" })), 40);
    const files = await Promise.all(jobs.map(async (job, i) => {
      const path = `${folder.path}/${i}.yml`;
      const rules = [
        ...busAlerts({ job, prefix: `${i}${job}` }),
        ...kvCacheAlerts({ prefix: job }),
      ];
      await writeFile(path, rulesYaml(`${i}${job}`, rules));
      return path;
    }));
    const { code, stdout, stderr } = await run("promtool", ["check", "rules", ...files]);
    const refused = stdout.split("\n\n").filter((part) => part.includes("FAILED"));
    assertEquals([code, stderr, refused], [0, "", []]);
  },
});

// prometheus/model/rulefmt: "Groupname must not be empty"
Deno.test("a group without a name is refused", () => {
  for (const name of ["", null as never, 5 as never]) {
    assertThrows(
      () => rulesYaml(name, []),
      TypeError,
      `Cannot write rules: groupName must be a text that is not empty, received `,
    );
  }
});

Deno.test("a threshold that no query can have is refused", () => {
  for (const value of [NaN, Infinity, -1, "1" as never]) {
    assertThrows(
      () => busAlerts({ maxDrainLagSeconds: value }),
      RangeError,
      "maxDrainLagSeconds must be a finite number of at least 0",
    );
    assertThrows(() => kvCacheAlerts({ minL2ThroughputGBs: value }), RangeError);
  }
});
