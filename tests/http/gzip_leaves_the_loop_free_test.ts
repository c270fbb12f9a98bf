import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { createHandler, metricsRoute } from "@busbar/busbar/http";

Deno.test("a large scrape is compressed a piece in a turn of the event loop", async () => {
  const text = `requests_total{route="/v1/items"} 1\n`.repeat(40_000); // 1.4 MB
  const handler = createHandler({
    routes: [metricsRoute({ scrape: () => Promise.resolve(text) })],
  });
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const response = await handler(
    new Request("http://localhost/metrics", { headers: { "accept-encoding": "gzip" } }),
  );
  const bytes = await response.bytes();
  done = true;
  assertEquals(response.headers.get("content-encoding"), "gzip");
  assert(bytes.length < text.length / 4);
  // 64 KiB a turn: 21 pieces and a rest.
  assert(turns >= 20, `only ${turns} turns passed meanwhile`);
  await new Promise((resolve) => setImmediate(resolve));
});
