import { assertEquals, assertRejects } from "@std/assert";
import { AddressInUseError, serveMetrics } from "@busbar/busbar/http";
import { MemoryLogger } from "@busbar/busbar/testing";
import { assertAddress, originOf, shutdownOf } from "../../src/http/server.ts";

const scrape = () => Promise.resolve("up 1\n");

Deno.test("a server listens on loopback, and a second one on its port is refused", async () => {
  await using server = await serveMetrics({ port: 0, scrape });
  assertEquals(await (await fetch(server.metricsUrl)).text(), "up 1\n");
  assertEquals(server.metricsUrl, `${server.origin}/metrics`);
  const port = Number(new URL(server.metricsUrl).port);
  const second = () => serveMetrics({ port, scrape });
  const error = await assertRejects(second, AddressInUseError);
  assertEquals(error.message, `Cannot serve metrics: 127.0.0.1:${port} is in use`);
  assertEquals([error.hostname, error.port], ["127.0.0.1", port]);
  // Nothing is tried for a signal that has aborted.
  const signal = AbortSignal.abort();
  await assertRejects(() => serveMetrics({ port, scrape, signal }), DOMException);
});

Deno.test("what cannot be served is refused", async () => {
  for (const port of [65_536, -1, 1.5, NaN]) {
    await assertRejects(
      () => serveMetrics({ port, scrape }),
      RangeError,
      `port must be an integer from 0 to 65535, received ${port}`,
    );
  }
  assertAddress({ hostname: "localhost", port: 65_535 });
  // An address for documentation, which no machine has.
  const elsewhere = await assertRejects(
    () => serveMetrics({ hostname: "192.0.2.1", port: 0, scrape }),
    Error,
  );
  assertEquals(elsewhere.name === "AddressInUseError", false);
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

Deno.test("/readyz says what ready does, and failures go to the logger", async () => {
  const logger = new MemoryLogger();
  await using server = await serveMetrics({
    port: 0,
    scrape: () => Promise.reject(new Error("no source")),
    ready: () => false,
    logger,
  });
  const statusOf = async (path: string) => {
    const response = await fetch(`${server.origin}${path}`);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await statusOf("/readyz"), await statusOf("/metrics")], [503, 500]);
  assertEquals(logger.lines, ["busbar: Cannot answer /metrics: no source"]);
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

Deno.test("a signal alone ends the server, also while it begins to listen", async () => {
  const running = new AbortController();
  const server = await serveMetrics({ port: 0, scrape, signal: running.signal });
  running.abort();
  const isThere = () => fetch(server.metricsUrl).then(async (r) => await r.text(), () => undefined);
  while (await isThere() !== undefined);
  const beginning = new AbortController();
  const serving = serveMetrics({ port: 0, scrape, signal: beginning.signal });
  beginning.abort();
  await assertRejects(() => serving, DOMException);
});

Deno.test("an address of IPv6 stands in brackets", () => {
  assertEquals(originOf({ hostname: "::1", port: 80 }), "http://[::1]:80");
  assertEquals(originOf({ hostname: "a", port: 80 }), "http://a:80");
});

Deno.test("what has closed in time is not cut off, what has not is", async () => {
  const closing = (closed: Promise<void>) => {
    const calls: string[] = [];
    const server = {
      port: 0,
      close: () => {
        calls.push("close");
        return closed;
      },
      abort: () => calls.push("abort"),
    };
    return { calls, shutdown: shutdownOf(server) };
  };
  const prompt = closing(Promise.resolve());
  await Promise.all([prompt.shutdown(), prompt.shutdown()]);
  assertEquals(prompt.calls, ["close"]);
  const hanging = closing(new Promise(() => {}));
  await hanging.shutdown({ timeoutMs: 0 });
  assertEquals(hanging.calls, ["close", "abort"]);
});
