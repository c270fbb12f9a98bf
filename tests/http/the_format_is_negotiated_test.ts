import { assertEquals } from "@std/assert";
import fc from "../support/properties.ts";
import { createHandler, metricsRoute, type ScrapeFormat } from "@busbar/busbar/http";

const CONTENT_TYPES = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

const handler = createHandler({
  routes: [metricsRoute({
    scrape: (format) =>
      Promise.resolve(`# ${format}\n${format === "openmetrics" ? "# EOF\n" : ""}`),
  })],
});

async function formatFor(accept: string | undefined): Promise<ScrapeFormat> {
  const headers: HeadersInit = accept === undefined ? {} : { accept };
  const response = await handler(new Request("http://localhost/metrics", { headers }));
  const format = (await response.text()).split(/[# \n]+/)[1] as ScrapeFormat;
  assertEquals(response.status, 200);
  const [type] = response.headers.get("content-type")?.split("; escaping=") ?? [];
  assertEquals(type, CONTENT_TYPES[format]);
  assertEquals(response.headers.get("vary"), "Accept, Accept-Encoding");
  return format;
}

const TEXT = "text/plain;version=0.0.4";
const OPEN = "application/openmetrics-text";

Deno.test("the format is the one that Accept likes best", async () => {
  const table: [accept: string | undefined, format: ScrapeFormat][] = [
    // What Prometheus 2 sends, and Prometheus 3.
    [`${OPEN};version=1.0.0,${OPEN};version=0.0.1;q=0.75,${TEXT};q=0.5,*/*;q=0.1`, "openmetrics"],
    [
      `${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.5,${OPEN};version=0.0.1;q=0.4,` +
      `text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,${TEXT};q=0.2,*/*;q=0.1`,
      "openmetrics",
    ],
    // What it sends where only the text format is wanted, what curl and fetch send, and a browser.
    [`${TEXT},*/*;q=0.1`, "prometheus"],
    ["*/*", "prometheus"],
    [undefined, "prometheus"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "prometheus"],
    // Names, versions and wildcards.
    [OPEN, "openmetrics"],
    [`${OPEN}; version="1.0.0"; charset=utf-8`, "openmetrics"],
    ["Application/OpenMetrics-Text;VERSION=1.0.0", "openmetrics"],
    [`${OPEN};version=0.0.1`, "prometheus"],
    [`text/plain;version=1.0.0,${OPEN};q=0.1`, "openmetrics"],
    ["application/*", "openmetrics"],
    ["text/*", "prometheus"],
    ["text/*,application/*", "prometheus"],
    [`${OPEN},*/*`, "openmetrics"],
    [`${OPEN},text/plain`, "openmetrics"],
    [`text/plain,${OPEN}`, "openmetrics"],
    // Qualities.
    [`${OPEN};q=0.4,text/plain;q=0.5`, "prometheus"],
    [`${OPEN};q=0.5,text/plain;q=0.4`, "openmetrics"],
    [`${OPEN};q=0,*/*`, "prometheus"],
    [`text/plain;q=0,*/*`, "openmetrics"],
    [`${OPEN};q=0`, "prometheus"],
    [`${OPEN};q=0.001`, "openmetrics"],
    [`${OPEN};q=1,text/plain`, "openmetrics"],
    // The most precise range counts, wherever it stands.
    [`${OPEN};q=0.1,${OPEN};version=1.0.0;q=0.9,text/plain;q=0.5`, "openmetrics"],
    [`${OPEN};version=1.0.0;q=0.1,${OPEN};q=0.9,text/plain;q=0.5`, "prometheus"],
    [`*/*;q=0.9,application/*;q=0.1,text/plain;q=0.5`, "prometheus"],
    [`application/*;q=0.9,${OPEN};q=0.1,text/plain;q=0.5`, "prometheus"],
    // Neither, or nothing that can be read.
    ["application/json", "prometheus"],
    ["*/*;q=0", "prometheus"],
    ["", "prometheus"],
    [",;,;q=1,=;=", "prometheus"],
    [`${OPEN};q=2`, "prometheus"],
    [`${OPEN};q=-1`, "prometheus"],
    [`${OPEN};q=high`, "prometheus"],
    [`${OPEN};q=`, "prometheus"],
    [`${OPEN},${"a/b,".repeat(2_000)}`, "prometheus"],
  ];
  for (const [accept, format] of table) assertEquals(await formatFor(accept), format, accept);
});

// opentelemetry-specification, metrics/sdk_exporters/prometheus.md, "Content Negotiation": it "MUST
// follow Prometheus Content Negotiation guidelines" (prometheus.io/docs/instrumenting/
// content_negotiation), where the content type has the escaping scheme that is in force.
Deno.test("the content type has the escaping that the client asked for, and only then", async () => {
  const v3 = `${OPEN};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPEN};version=0.0.1;q=0.5,` +
    `text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,${TEXT};q=0.3,*/*;q=0.2`;
  for (
    const [accept, type] of [
      [v3, `${CONTENT_TYPES.openmetrics}; escaping=allow-utf-8`],
      [`${OPEN};version=1.0.0;escaping=values`, `${CONTENT_TYPES.openmetrics}; escaping=values`],
      [
        `${OPEN};version=1.0.0;escaping="underscores"`,
        `${CONTENT_TYPES.openmetrics}; escaping=underscores`,
      ],
      // With dots for `_dot_`, `_` would be doubled.
      [`${OPEN};escaping=dots`, `${CONTENT_TYPES.openmetrics}; escaping=underscores`],
      [`${OPEN};escaping="\\x; a"`, `${CONTENT_TYPES.openmetrics}; escaping=underscores`],
      [`${TEXT};escaping=allow-utf-8`, `${CONTENT_TYPES.prometheus}; escaping=allow-utf-8`],
      [OPEN, CONTENT_TYPES.openmetrics],
      [`${OPEN};q=0.1;escaping=values,${TEXT}`, CONTENT_TYPES.prometheus],
    ]
  ) {
    const headers = { accept: accept! };
    const response = await handler(new Request("http://localhost/metrics", { headers }));
    assertEquals(response.headers.get("content-type"), type, accept);
    await response.body?.cancel();
  }
});

Deno.test("/metrics/ answers as /metrics does", async () => {
  const response = await handler(new Request("http://localhost/metrics/"));
  assertEquals([response.status, await response.text()], [200, "# prometheus\n"]);
});

Deno.test("no header makes a scrape fail", async () => {
  const header = fc.oneof(
    fc.string({ unit: "binary-ascii" }).map((text) => text.replace(/[^\x20-\x7e]/g, "")),
    fc.array(
      fc.constantFrom(OPEN, "text/plain", "*/*", ";", ",", "q", "=", "0.5", "version", '"', " "),
      { maxLength: 60 },
    ).map((parts) => parts.join("")),
  );
  await fc.assert(fc.asyncProperty(header, header, async (accept, encoding) => {
    const headers = { accept, "accept-encoding": encoding };
    const response = await handler(new Request("http://localhost/metrics", { headers }));
    assertEquals(response.status, 200);
    await response.body?.cancel();
  }));
});

Deno.test("a scrape that knows Prometheus text alone is not called OpenMetrics", async () => {
  const plain = createHandler({
    routes: [metricsRoute({ scrape: () => Promise.resolve("up 1\n") })],
  });
  const response = await plain(
    new Request("http://localhost/metrics", { headers: { accept: OPEN } }),
  );
  assertEquals(await response.text(), "up 1\n");
  assertEquals(response.headers.get("content-type"), CONTENT_TYPES.prometheus);
});

Deno.test("a header of 4,096 characters is read, a longer one is not", async () => {
  const header = `${OPEN},a`;
  assertEquals(await formatFor(header.padEnd(4_096, "a")), "openmetrics");
  assertEquals(await formatFor(header.padEnd(4_097, "a")), "prometheus");
});
