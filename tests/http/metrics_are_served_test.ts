import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  AddressInUseError,
  createMetricsHandler,
  serveMetrics,
  startMetricsServer,
} from "@busbar/busbar/http";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { MemoryLogger } from "@busbar/busbar/testing";

const request = (path: string, method = "GET") =>
  new Request(`http://127.0.0.1${path}`, { method });

Deno.test("GET answers with the scrape, HEAD with its headers alone", async () => {
  const handler = createMetricsHandler({ scrape: () => Promise.resolve("up 1\n") });
  const get = await handler(request("/metrics"));
  assertEquals([get.status, await get.text()], [200, "up 1\n"]);
  assertEquals(get.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const head = await handler(request("/metrics", "HEAD"));
  assertEquals([head.status, await head.text()], [200, ""]);
  assertEquals(head.headers.get("content-type"), get.headers.get("content-type"));
});

Deno.test("other methods get 405 with what is allowed, other paths 404", async () => {
  const handler = createMetricsHandler({ scrape: () => Promise.resolve("up 1\n") });
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const response = await handler(request("/metrics", method));
    assertEquals([response.status, response.headers.get("allow")], [405, "GET, HEAD"]);
    await response.body?.cancel();
  }
  for (const path of ["/", "/metric", "/metrics/", "/constructor"]) {
    const response = await handler(request(path));
    assertEquals(response.status, 404);
    await response.body?.cancel();
  }
  assertEquals(await (await handler(request("/healthz"))).text(), "ok\n");
});

Deno.test("a failing collection answers 500, and tells the logger why", async () => {
  await using metrics = new PrometheusMetrics();
  metrics.meter.createObservableGauge("broken").addCallback(() => {
    throw new Error("the secret reason");
  });
  const logger = new MemoryLogger();
  const handler = createMetricsHandler({ scrape: () => metrics.scrape(), logger });
  const response = await handler(request("/metrics"));
  assertEquals([response.status, await response.text()], [
    500,
    "The metrics could not be collected\n",
  ]);
  assertStringIncludes(logger.lines[0] ?? "", "the secret reason");
});

Deno.test("a server listens on loopback, and a second one on its port is refused", async () => {
  const scrape = () => Promise.resolve("up 1\n");
  await using server = await startMetricsServer({ port: 0, scrape });
  assertEquals(await (await fetch(server.metricsUrl)).text(), "up 1\n");
  const port = Number(new URL(server.metricsUrl).port);
  const second = () => startMetricsServer({ port, scrape });
  const error = await assertRejects(second, AddressInUseError);
  assertEquals(error.message, `Cannot serve metrics: 127.0.0.1:${port} is in use`);
  await assertRejects(
    () => startMetricsServer({ port: 65_536, scrape }),
    RangeError,
    "port must be an integer from 0 to 65535, received 65536",
  );
});

Deno.test("a scrape that hangs holds a shutdown up for as long as it may, and is cut off then", async () => {
  const scraping = Promise.withResolvers<void>();
  const server = await startMetricsServer({
    port: 0,
    scrape: () => {
      scraping.resolve();
      return new Promise(() => {});
    },
  });
  const answer = fetch(server.metricsUrl).then(() => "answered", () => "cut off");
  await scraping.promise;
  await server.shutdown({ timeoutMs: 20 });
  assertEquals(await answer, "cut off");
});

Deno.test("in Deno serveMetrics does the same at once", async () => {
  const scrape = () => Promise.resolve("up 1\n");
  await using server = serveMetrics({ port: 0, scrape });
  assertEquals(await (await fetch(server.metricsUrl)).text(), "up 1\n");
  const port = Number(new URL(server.metricsUrl).port);
  assertThrows(() => serveMetrics({ port, scrape }), AddressInUseError);
  assertThrows(() => serveMetrics({ port: 65_536, scrape }), RangeError, "port");
});
