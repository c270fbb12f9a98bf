import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import {
  eventsMarkdown,
  grafanaDashboard,
  metricsMarkdown,
  recordingRules,
  rulesYaml,
} from "@busbar/busbar/generate";
import { describeMetrics } from "../../src/generate/described_metric.ts";

const { catalog, counter, duration, gauge, span, upDownCounter } = declare();
const shop = catalog({
  events: {
    "order.start": { description: "An order begins" },
    "order.end": {
      description: "An order\nis paid",
      metadata: {
        bytes: { description: "Size | of the receipt", unit: "By" },
        cart: { description: "Which cart" },
        note: undefined,
      },
    },
    "order.lost": { description: "Nothing becomes of it", metadata: {} },
  },
  metrics: {
    "shop.receipts": counter("order.end", {
      unit: "By",
      description: "Bytes | of receipts",
      attributes: ({ metadata: { cart } }) => ({ cart: `${cart}`, kind: cart.kind() }),
    }),
    "shop.open": upDownCounter(["order.start", "order.end"], {
      unit: "{orders}",
      value: ({ type }) => type === "order.start" ? 1 : -1,
    }),
    "shop.fill": gauge("order.end", {
      unit: "1",
      value: () => 1,
      attributes: ({ metadata: { items } }) => Object.fromEntries([...items].map((i) => [i, 1])),
    }),
    "till.duration": duration("order.start", "order.end", { attributeNames: ["cart.kind"] }),
    "plain": counter("order.end", {
      attributes: ({ metadata }) => ({ known: JSON.parse(metadata) }),
    }),
  },
  spans: {
    order: span(
      "order.start",
      "order.end",
      { announcedBy: "order.queued", failedBy: "order.failed" } as never,
    ),
  },
  logs: { "order.end": { level: "info" } },
});

Deno.test("events are described whole: meaning, metadata with units, what becomes of them", () => {
  assertEquals(
    eventsMarkdown(shop, "Shop"),
    `# Shop

This page is generated from the catalog. Do not edit it; change the catalog instead.

## \`order.start\`

An order begins

Becomes: the metric \`shop.open\`, the metric \`till.duration\`, the span \`order\`.

## \`order.end\`

An order is paid

| metadata | unit | meaning |
| --- | --- | --- |
| \`bytes\` | By | Size \\| of the receipt |
| \`cart\` |  | Which cart |
| \`note\` |  |  |

Becomes: the metric \`shop.receipts\`, the metric \`shop.open\`, the metric \`shop.fill\`, the metric \`till.duration\`, the metric \`plain\`, the span \`order\`, a log record.

## \`order.lost\`

Nothing becomes of it
`,
  );
  const head =
    "This page is generated from the catalog. Do not edit it; change the catalog instead.";
  assertEquals(eventsMarkdown({}), `# Events\n\n${head}\n`);
  const events = { a: { description: "An a" } };
  const alone = `# Events\n\n${head}\n\n## \`a\`\n\nAn a\n`;
  assertEquals(eventsMarkdown(catalog({ events })), alone);
  const logs = { a: { level: "info" } } as const;
  assertEquals(eventsMarkdown(catalog({ events, logs })), `${alone}\nBecomes: a log record.\n`);
});

Deno.test("metrics are described whole: name, type, unit, labels, source and query", () => {
  assertEquals(
    metricsMarkdown(shop),
    `# Metrics

This page is generated from the catalog. Do not edit it; change the catalog instead.

## \`shop.receipts\`

Bytes | of receipts

|  |  |
| --- | --- |
| in a scrape | \`shop_receipts_bytes_total\` |
| type | counter |
| unit | bytes |
| labels | \`cart\`, \`kind\` |
| from | \`order.end\` |

\`\`\`promql
sum by (cart, kind) (rate(shop_receipts_bytes_total[5m]))
\`\`\`

## \`shop.open\`



|  |  |
| --- | --- |
| in a scrape | \`shop_open\` |
| type | gauge |
| unit | orders |
| labels | none |
| from | \`order.start\`, \`order.end\` |

\`\`\`promql
sum (shop_open)
\`\`\`

## \`shop.fill\`



|  |  |
| --- | --- |
| in a scrape | \`shop_fill\` |
| type | gauge |
| unit | 1 |
| labels | none |
| from | \`order.end\` |

\`\`\`promql
sum (shop_fill)
\`\`\`

## \`till.duration\`



|  |  |
| --- | --- |
| in a scrape | \`till_duration_seconds\` |
| type | histogram |
| unit | seconds |
| labels | \`cart_kind\` |
| from | \`order.start\`, \`order.end\` |

\`\`\`promql
histogram_quantile(0.95, sum by (le, cart_kind) (rate(till_duration_seconds_bucket[5m])))
\`\`\`

## \`plain\`



|  |  |
| --- | --- |
| in a scrape | \`plain_total\` |
| type | counter |
| unit | none |
| labels | none |
| from | \`order.end\` |

\`\`\`promql
sum (rate(plain_total[5m]))
\`\`\`
`,
  );
});

Deno.test("what is recorded is a counter's rate, and a histogram's percentile", () => {
  assertEquals(
    rulesYaml("shop", recordingRules(shop)),
    `# Generated from the catalog. Do not edit it; change the catalog instead.
groups:
  - name: shop
    rules:
      - record: shop_receipts_bytes:rate5m
        expr: sum by (cart, kind) (rate(shop_receipts_bytes_total[5m]))
      - record: till_duration_seconds:p955m
        expr: histogram_quantile(0.95, sum by (le, cart_kind) (rate(till_duration_seconds_bucket[5m])))
      - record: plain:rate5m
        expr: sum (rate(plain_total[5m]))
`,
  );
});

Deno.test("Grafana's units are its own, a counter of bytes is shown as their rate", () => {
  assertEquals(
    describeMetrics(shop).map(({ name, prometheusType, grafanaUnit, unit, legend, labels }) => [
      name,
      prometheusType,
      grafanaUnit,
      unit,
      legend,
      labels,
    ]),
    [
      ["shop.receipts", "counter", "Bps", "bytes", "{{cart}} {{kind}}", ["cart", "kind"]],
      ["shop.open", "gauge", "short", "orders", "shop.open", []],
      ["shop.fill", "gauge", "percentunit", "1", "shop.fill", []],
      ["till.duration", "histogram", "s", "seconds", "{{cart_kind}}", ["cart_kind"]],
      ["plain", "counter", "short", "", "plain", []],
    ],
  );
  const value = () => 1;
  const units = { "By": "bytes", "By/s": "Bps", "GB/s": "GBs", "ms": "ms", "toString": "short" };
  for (const [unit, expected] of Object.entries(units)) {
    const [metric] = describeMetrics(catalog({ metrics: { "a": gauge("a", { unit, value }) } }));
    assertEquals(metric?.grafanaUnit, expected, unit);
  }
});

Deno.test("a dashboard has a row for each group of metrics, with two panels side by side", () => {
  const { panels } = JSON.parse(grafanaDashboard(shop, { title: "Shop" }));
  assertEquals(
    // deno-lint-ignore no-explicit-any -- it is Grafana's
    panels.map(({ type, title, gridPos: { x, y, w, h }, fieldConfig }: any) => [
      type === "row" ? `row ${title}` : title,
      [x, y, w, h],
      fieldConfig?.defaults.min,
    ]),
    [
      ["row shop", [0, 0, 24, 1], undefined],
      ["shop_receipts_bytes_total", [0, 1, 12, 8], 0],
      ["shop_open", [12, 1, 12, 8], 0],
      ["shop_fill", [0, 9, 12, 8], 0],
      ["row till", [0, 17, 24, 1], undefined],
      ["till_duration_seconds", [0, 18, 12, 8], 0],
      ["row plain", [0, 26, 24, 1], undefined],
      ["plain_total", [0, 27, 12, 8], 0],
      ["row Event bus", [0, 35, 24, 1], undefined],
      ["Queue", [0, 36, 12, 8], 0],
      ["Drain lag", [12, 36, 12, 8], 0],
      ["Slices", [0, 44, 12, 8], 0],
      ["Events", [12, 44, 12, 8], 0],
      ["Lost events", [0, 52, 12, 8], 0],
    ],
  );
});
