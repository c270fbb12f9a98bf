import { assertEquals, assertLessOrEqual } from "@std/assert";
import { createHandler, metricsRoute, serveMetrics } from "@busbar/busbar/http";

const line = (i: number) => `requests_total{route="/v1/${i}",name="naïve 🚌"} ${i}\n`;
const text = Array.from({ length: 20_000 }, (_, i) => line(i)).join("");
const scrape = () => Promise.resolve(text);
const handler = createHandler({ routes: [metricsRoute({ scrape })] });

const get = (encoding: string | undefined, method = "GET") =>
  handler(
    new Request("http://localhost/metrics", {
      method,
      headers: encoding === undefined ? {} : { "accept-encoding": encoding },
    }),
  );

Deno.test("gzip is used where it is acceptable", async () => {
  const table: [acceptEncoding: string | undefined, encoding: string | null][] = [
    ["gzip", "gzip"],
    ["GZIP", "gzip"],
    ["x-gzip", "gzip"],
    ["gzip, deflate, br", "gzip"],
    ["br, *", "gzip"],
    ["gzip;q=0.5", "gzip"],
    ["gzip;q=0.5, identity;q=0.5", "gzip"],
    ["identity;q=0.2, gzip;q=0.5", "gzip"],
    ["*;q=0, gzip", "gzip"],
    [undefined, null],
    ["", null],
    ["identity", null],
    ["br", null],
    ["gzip;q=0", null],
    ["gzip;q=0.000", null],
    ["gzip;q=0, *", null],
    ["*;q=0", null],
    ["gzip;q=0.5, identity", null],
    ["gzip;q=nonsense", null],
    [`gzip,${" br,".repeat(2_000)}`, null],
  ];
  for (const [acceptEncoding, encoding] of table) {
    const response = await get(acceptEncoding, "HEAD");
    assertEquals(response.headers.get("content-encoding"), encoding, acceptEncoding);
    assertEquals(response.headers.get("vary"), "Accept, Accept-Encoding");
    assertEquals(await response.text(), "");
  }
});

Deno.test("what is unpacked is the scrape, down to the last byte", async () => {
  const bytes = await (await get("gzip")).bytes();
  assertLessOrEqual(bytes.length, text.length / 4);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unpacked).text() === text, true);
  const empty = createHandler({ routes: [metricsRoute({ scrape: () => Promise.resolve("") })] });
  const headers = { "accept-encoding": "gzip" };
  const packed = await empty(new Request("http://localhost/metrics", { headers }));
  const nothing = packed.body?.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(nothing).text(), "");
});

Deno.test("a real client unpacks it", async () => {
  await using server = await serveMetrics({ port: 0, scrape });
  for (const encoding of ["gzip", "identity"]) {
    const response = await fetch(server.metricsUrl, { headers: { "accept-encoding": encoding } });
    assertEquals(await response.text() === text, true);
  }
});
