import { assertEquals } from "@std/assert";
import { serveMetrics } from "@busbar/busbar/http";
import { MemoryLogger } from "@busbar/busbar/testing";

Deno.test("the signal of a request aborts when its client goes away, on the runtime's own server", async () => {
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<string>();
  const logger = new MemoryLogger();
  await using server = await serveMetrics({
    port: 0,
    scrape: () => Promise.resolve("up 1\n"),
    routes: [{
      path: "/live",
      handle: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            gone.resolve("gone");
            reject(new Error("nobody listens"));
          });
          asked.resolve();
        }),
    }],
    logger,
  });
  const client = new AbortController();
  const response = fetch(`${server.origin}/live`, { signal: client.signal })
    .then(() => "answered", () => "aborted");
  await asked.promise;
  client.abort();
  assertEquals(await response, "aborted");
  assertEquals(await gone.promise, "gone");
  await server.shutdown();
  assertEquals(logger.lines, []);
});
