import { assertEquals } from "@std/assert";
import { createMetricsHandler } from "@busbar/busbar/http";
import { MemoryLogger } from "@busbar/busbar/testing";

const scrape = () => Promise.resolve("up 1\n");

async function ask(
  handler: (request: Request) => Promise<Response>,
  path: string,
): Promise<[status: number, body: string]> {
  const response = await handler(new Request(`http://localhost${path}`));
  return [response.status, await response.text()];
}

Deno.test("/readyz follows what the service says, /healthz does not", async () => {
  let isReady = false;
  const handler = createMetricsHandler({ scrape, ready: () => isReady });
  assertEquals(await ask(handler, "/readyz"), [503, "not ready\n"]);
  assertEquals(await ask(handler, "/healthz"), [200, "ok\n"]);
  isReady = true;
  assertEquals(await ask(handler, "/readyz"), [200, "ok\n"]);
  assertEquals(await ask(createMetricsHandler({ scrape }), "/readyz"), [200, "ok\n"]);
});

Deno.test("/stats shows what stats returns, and is not there without", async () => {
  assertEquals((await ask(createMetricsHandler({ scrape }), "/stats"))[0], 404);
  const handler = createMetricsHandler({ scrape, stats: () => ({ published: 3, lost: { a: 1 } }) });
  const response = await handler(new Request("http://localhost/stats"));
  assertEquals(response.headers.get("content-type"), "application/json; charset=utf-8");
  assertEquals(await response.json(), { published: 3, lost: { a: 1 } });
  const nothing = createMetricsHandler({ scrape, stats: () => undefined });
  assertEquals(await ask(nothing, "/stats"), [200, "null\n"]);
});

Deno.test("what throws is answered with 500 and told, whatever the logger does", async () => {
  const logger = new MemoryLogger();
  const broken = () => {
    throw new Error("the secret reason");
  };
  const told = createMetricsHandler({ scrape, ready: broken, stats: broken, logger });
  assertEquals(await ask(told, "/readyz"), [500, "This could not be answered\n"]);
  assertEquals(await ask(told, "/stats"), [500, "This could not be answered\n"]);
  assertEquals(logger.lines, [
    "Cannot answer /readyz: the secret reason",
    "Cannot answer /stats: the secret reason",
  ]);
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  const throwing = createMetricsHandler({
    scrape: () => Promise.reject(new Error("no")),
    stats: () => circular,
    logger: { warn: broken },
  });
  assertEquals((await ask(throwing, "/stats"))[0], 500);
  assertEquals(await ask(throwing, "/metrics"), [500, "The metrics could not be collected\n"]);
});
