import { assertEquals, assertRejects } from "@std/assert";
import { AddressInUseError, serveMetrics } from "@busbar/busbar/http";

const scrape = () => Promise.resolve("up 1\n");

Deno.test("a server listens on loopback, and a second one on its port is refused", async () => {
  await using server = await serveMetrics({ port: 0, scrape });
  assertEquals(await (await fetch(server.metricsUrl)).text(), "up 1\n");
  assertEquals(server.metricsUrl, `${server.origin}/metrics`);
  const port = Number(new URL(server.metricsUrl).port);
  const second = () => serveMetrics({ port, scrape });
  const error = await assertRejects(second, AddressInUseError);
  assertEquals(error.message, `Cannot serve metrics: 127.0.0.1:${port} is in use`);
});

Deno.test("what cannot be served is refused", async () => {
  await assertRejects(
    () => serveMetrics({ port: 65_536, scrape }),
    RangeError,
    "port must be an integer from 0 to 65535, received 65536",
  );
  await assertRejects(() => serveMetrics({ hostname: "", scrape }), TypeError, "hostname");
  await assertRejects(() => serveMetrics({ scrape: "up 1" as never }), TypeError, "scrape");
  const host = { host: "0.0.0.0" } as object;
  await assertRejects(
    () => serveMetrics({ scrape, ...host }),
    TypeError,
    `Cannot serve metrics: there is no option "host"; did you mean "hostname"?`,
  );
});

Deno.test("it answers further routes, probes and, where there are some, stats", async () => {
  await using server = await serveMetrics({
    port: 0,
    scrape,
    stats: () => ({ published: 1 }),
    routes: [{
      path: "/echo",
      methods: ["POST"],
      handle: async (request) => new Response(await request.text(), { status: 201 }),
    }],
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${server.origin}${path}`, init);
    return [response.status, await response.text()];
  };
  assertEquals(await ask("/echo", { method: "POST", body: "hello" }), [201, "hello"]);
  assertEquals(await ask("/healthz"), [200, "ok\n"]);
  assertEquals(await ask("/readyz"), [200, "ok\n"]);
  assertEquals(await ask("/stats"), [200, '{\n  "published": 1\n}\n']);
});

Deno.test("a scrape that hangs holds a shutdown up for as long as it may, and is cut off then", async () => {
  for (const end of ["timeout", "signal"]) {
    const scraping = Promise.withResolvers<void>();
    const server = await serveMetrics({
      port: 0,
      scrape: () => {
        scraping.resolve();
        return new Promise(() => {});
      },
    });
    const answer = fetch(server.metricsUrl).then(() => "answered", () => "cut off");
    await scraping.promise;
    await server.shutdown(end === "timeout" ? { timeoutMs: 20 } : { signal: AbortSignal.abort() });
    assertEquals(await answer, "cut off");
  }
});

Deno.test("a signal ends the server, after the requests in progress", async () => {
  const controller = new AbortController();
  const scraping = Promise.withResolvers<void>();
  const scraped = Promise.withResolvers<string>();
  const { signal } = controller;
  const server = await serveMetrics({
    port: 0,
    signal,
    scrape: () => {
      scraping.resolve();
      return scraped.promise;
    },
  });
  const text = fetch(server.metricsUrl).then((response) => response.text());
  await scraping.promise;
  controller.abort();
  scraped.resolve("up 1\n");
  assertEquals(await text, "up 1\n");
  await server.shutdown();
  await assertRejects(() => fetch(server.metricsUrl));
  await assertRejects(() => serveMetrics({ port: 0, scrape, signal }), DOMException);
});
