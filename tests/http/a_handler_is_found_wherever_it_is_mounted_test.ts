import { assertEquals, assertThrows } from "@std/assert";
import { createHandler, healthRoutes, metricsRoute, toNodeHandler } from "@busbar/busbar/http";
import { MemoryLogger } from "@busbar/busbar/testing";
import express from "express";
import { Hono } from "hono";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listening } from "../support/loopback.ts";

const routes = [
  metricsRoute({ scrape: () => Promise.resolve("up 1\n") }),
  ...healthRoutes(),
  { path: "/live/*", handle: ({ url }: Request) => new Response(`live ${new URL(url).pathname}`) },
  { path: "/jobs", methods: ["POST"], handle: (request: Request) => request.text().then(echo) },
];
const echo = (text: string) => new Response(`posted ${text}`);
const handler = createHandler({ routes, anyPrefix: true });
const nodeHandler = toNodeHandler(handler);

async function textAt(
  ask: (request: Request) => Response | Promise<Response>,
  path: string,
  init?: RequestInit,
): Promise<string> {
  const response = await ask(new Request(`http://localhost${path}`, init));
  const text = await response.text();
  return response.ok ? text : `${response.status}`;
}

Deno.test("below any path a handler finds its routes if it is told so", async () => {
  const at = (path: string) => textAt(handler, path);
  for (const path of ["/metrics", "/internal/metrics", "/a/b/c/metrics/", "/metrics/?a=/b"]) {
    assertEquals(await at(path), "up 1\n", path);
  }
  assertEquals(await at("/live/x"), "live /live/x");
  // The longest path that there is a route for counts, not the shortest.
  assertEquals(await at("/internal/live/a/metrics"), "live /internal/live/a/metrics");
  assertEquals(await textAt(handler, "/api/jobs", { method: "POST", body: "1" }), "posted 1");
  assertEquals(await at("/api/jobs"), "405");
  for (const path of ["/", "/internal", "/metrics/x", "/xmetrics", "/metricsx", "//", "/a//"]) {
    assertEquals(await at(path), "404", path);
  }
  // A hostile path is not looked through to its end.
  assertEquals(await at(`${"/a".repeat(32)}/metrics`), "up 1\n");
  assertEquals(await at(`${"/a".repeat(33)}/metrics`), "404");
  const exact = createHandler({ routes });
  assertEquals([await textAt(exact, "/metrics/"), await textAt(exact, "/a/metrics")], [
    "up 1\n",
    "404",
  ]);
  assertThrows(
    () => createHandler({ routes, anyPrefix: "/internal" as never }),
    TypeError,
    `anyPrefix must be true or false, received "/internal"`,
  );
});

Deno.test("Hono mounts it by a route, below a path or whole", async () => {
  const app = new Hono()
    .get("/metrics", ({ req }) => handler(req.raw))
    .get("/internal/*", ({ req }) => handler(req.raw))
    .mount("/mounted", handler)
    .get("/orders/stats", ({ text }) => text("orders"));
  const at = (path: string) => textAt((request) => app.fetch(request), path);
  for (const path of ["/metrics", "/internal/metrics", "/mounted/metrics"]) {
    assertEquals(await at(path), "up 1\n", path);
  }
  assertEquals(await at("/internal/healthz"), "ok\n");
  assertEquals(await at("/orders/stats"), "orders");
});

/** What a path is answered by `listener`. */
async function asker(
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Promise<
  AsyncDisposable & {
    ask(path: string, init?: RequestInit): Promise<Response>;
    at(path: string, init?: RequestInit): Promise<string>;
  }
> {
  const server = createServer(listener);
  const { origin, [Symbol.asyncDispose]: end } = await listening(server, 0, () => {
    server.closeAllConnections();
  });
  const ask = (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init);
  return {
    ask,
    at: (path, init) => textAt(() => ask(path, init), path),
    [Symbol.asyncDispose]: end,
  };
}

Deno.test("Express mounts it by a route, below a path, at its path or whole", async () => {
  const app = express();
  app.get("/observed/metrics", nodeHandler);
  app.use("/internal", nodeHandler);
  app.use("/metrics", nodeHandler);
  app.get("/wrapped/metrics", (request: never, response: never) => nodeHandler(request, response));
  await using server = await asker(app);
  for (
    const path of [
      "/observed/metrics",
      "/internal/metrics",
      "/internal/metrics/?x=/y",
      "/metrics",
      "/metrics/",
      "/metrics?x=/y",
      "/wrapped/metrics",
    ]
  ) {
    assertEquals(await server.at(path), "up 1\n", path);
  }
  assertEquals(await server.at("/internal/live/x"), "live /live/x");
  assertEquals(await server.at("/internal/jobs", { method: "POST", body: "1" }), "posted 1");
});

Deno.test("as a middleware of Express it takes nothing that is not its own", async () => {
  const app = express();
  app.all("/*any", (_request: unknown, _response: unknown, next: () => void) => next());
  app.use(nodeHandler);
  app.use("/api", nodeHandler);
  app.use(express.json());
  app.post("/metrics", (request: { body: unknown }, response: { json(body: unknown): void }) => {
    response.json(request.body);
  });
  app.use((request: { path: string }, response: { end(text: string): void }) => {
    response.end(`own ${request.path}`);
  });
  await using server = await asker(app);
  assertEquals(await server.at("/metrics"), "up 1\n");
  assertEquals(await server.at("/api/healthz"), "ok\n");
  for (const path of ["/", "/orders/metrics", "/api", "/api/orders/metrics", "/api/live"]) {
    assertEquals(await server.at(path), `own ${path}`);
  }
  // With its method and its body untouched.
  const posted = {
    method: "POST",
    body: `{"a":1}`,
    headers: { "content-type": "application/json" },
  };
  assertEquals(await server.at("/metrics", posted), `{"a":1}`);
});

Deno.test("node:http gives it every path, with a prefix or without", async () => {
  await using server = await asker(nodeHandler);
  for (const path of ["/metrics", "/internal/metrics"]) {
    assertEquals(await server.at(path), "up 1\n", path);
  }
  assertEquals(await server.at("/internal"), "404");
});

Deno.test("what fails under way is told to the logger of the handler, but for clients that go away", async () => {
  const logger = new MemoryLogger();
  const failing = createHandler({
    routes: [{
      path: "/fails",
      handle: () => new Response(new ReadableStream({ pull: (body) => body.error("too bad") })),
    }],
    logger,
  });
  await using server = await asker(toNodeHandler(failing));
  assertEquals(await server.at("/fails"), "500");
  assertEquals(logger.lines, ["busbar: Cannot answer a request: too bad"]);

  const [asked, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const hanging = ({ signal }: Request) =>
    new Promise<Response>((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(new Error("nobody listens"));
        gone.resolve();
      });
      asked.resolve();
    });
  await using other = await asker(toNodeHandler(hanging, { logger }));
  const client = new AbortController();
  const response = other.ask("/", { signal: client.signal }).catch(() => {});
  await asked.promise;
  client.abort();
  await Promise.all([response, gone.promise]);
  // One request later, all that comes of it has come.
  assertEquals(await server.at("/absent"), "404");
  assertEquals(logger.lines.length, 1);
});

Deno.test("where there is a route for the root, a mount is that", async () => {
  const rooted = createHandler({
    routes: [{ path: "/", handle: ({ url }) => new Response(new URL(url).pathname) }],
    anyPrefix: true,
  });
  const at = (path: string) => textAt(rooted, path);
  // It is no end of other paths.
  assertEquals([await at("/"), await at("/other/"), await at("//")], ["/", "404", "404"]);
  const app = express();
  app.use("/mounted", toNodeHandler(rooted));
  // What is no handler of routes sees what is left of the path, as ever.
  app.use("/other", toNodeHandler(({ url }) => new Response(new URL(url).pathname)));
  await using server = await asker(app);
  assertEquals([await server.at("/mounted"), await server.at("/other")], ["/", "/"]);
});
