import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  createHandler,
  type HandlerOptions,
  healthRoutes,
  metricsRoute,
  type Route,
} from "@busbar/busbar/http";
import { MemoryLogger } from "@busbar/busbar/testing";

const request = (path: string, method = "GET") =>
  new Request(`http://127.0.0.1${path}`, { method });

/** A route that answers with its name. */
const named = (path: string, name: string, methods?: string[]): Route => ({
  path,
  methods,
  handle: () => new Response(name),
});

Deno.test("a path has the route that names it, else the longest that covers it", async () => {
  const handler = createHandler({
    routes: [
      named("/live/*", "live"),
      named("/live/assets/*", "assets"),
      named("/live/about", "about"),
      named("/", "root"),
    ],
  });
  for (
    const [path, expected] of [
      ["/", "root"],
      ["/?a=/live/about", "root"],
      ["/live/", "live"],
      ["/live/x/y", "live"],
      ["/live/about", "about"],
      ["/live/about/", "live"],
      ["/live/assets/a.js", "assets"],
    ] as const
  ) {
    assertEquals(await (await handler(request(path))).text(), expected, path);
  }
  for (const path of ["/live", "/metrics", "/constructor", "//"]) {
    const response = await handler(request(path));
    assertEquals(
      [response.status, await response.text()],
      [404, "Not found. There is /live/about, /, /live/assets/*, /live/*\n"],
    );
  }
});

Deno.test("other methods get 405 with what is allowed", async () => {
  const handler = createHandler({
    routes: [named("/a", "got"), named("/a", "posted", ["POST"]), named("/b", "put", ["PUT"])],
  });
  assertEquals(await (await handler(request("/a"))).text(), "got");
  assertEquals(await (await handler(request("/a", "POST"))).text(), "posted");
  for (
    const [path, method, allow] of [
      ["/a", "PUT", "GET, HEAD, POST"],
      ["/a", "OPTIONS", "GET, HEAD, POST"],
      ["/b", "GET", "PUT"],
      ["/b", "HEAD", "PUT"],
    ] as const
  ) {
    const response = await handler(request(path, method));
    assertEquals([response.status, response.headers.get("allow")], [405, allow]);
    await response.body?.cancel();
  }
});

Deno.test("HEAD answers with the headers of GET alone", async () => {
  const handler = createHandler({
    routes: [metricsRoute({ scrape: () => Promise.resolve("up 1\n") })],
  });
  const get = await handler(request("/metrics"));
  assertEquals([get.status, await get.text()], [200, "up 1\n"]);
  assertEquals(get.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const head = await handler(request("/metrics", "HEAD"));
  assertEquals([head.status, await head.text()], [200, ""]);
  assertEquals([...head.headers], [...get.headers]);
});

Deno.test("a route that fails answers 500, and the logger alone gets the reason", async () => {
  const logger = new MemoryLogger();
  const throwing = () => {
    throw new Error("the other reason");
  };
  const handler = createHandler({
    routes: [
      metricsRoute({ scrape: () => Promise.reject(new Error("the secret reason")) }),
      { path: "/throws", handle: throwing },
      { path: "/nothing/*", handle: () => undefined as never },
      named("/works", "works"),
    ],
    logger,
  });
  for (const path of ["/metrics", "/throws", "/nothing/at\nall"]) {
    const response = await handler(request(path));
    assertEquals([response.status, await response.text()], [500, "This could not be answered\n"]);
  }
  assertEquals(await (await handler(request("/works"))).text(), "works");
  assertEquals(logger.lines.length, 3);
  assertEquals(
    logger.lines[0],
    "busbar: Cannot answer /metrics: the secret reason",
  );
  assertEquals(logger.lines[1], "busbar: Cannot answer /throws: the other reason");
  assertStringIncludes(logger.lines[2] ?? "", "busbar: Cannot answer /nothing/*: ");

  const unlucky = createHandler({
    routes: [{ path: "/throws", handle: throwing }],
    logger: { warn: throwing },
  });
  assertEquals((await unlucky(request("/throws"))).status, 500);
});

Deno.test("what fails because the client has gone away is not logged", async () => {
  const logger = new MemoryLogger();
  const handler = createHandler({
    routes: [{ path: "/", handle: ({ signal }) => Promise.reject(signal.reason) }],
    logger,
  });
  const signal = AbortSignal.abort();
  assertEquals((await handler(new Request("http://localhost/", { signal }))).status, 500);
  assertEquals(logger.lines, []);
});

Deno.test("responses are not stored or sniffed, unless a route says otherwise", async () => {
  const handler = createHandler({
    routes: [
      named("/plain", "plain"),
      {
        path: "/image",
        handle: () => new Response("", { headers: { "cache-control": "max-age=60" } }),
      },
      { path: "/moved", handle: () => Response.redirect("http://localhost/plain") },
    ],
  });
  const common = async (path: string) => {
    const { headers, status, body } = await handler(request(path));
    await body?.cancel();
    return [status, headers.get("cache-control"), headers.get("x-content-type-options")];
  };
  assertEquals(await common("/plain"), [200, "no-store", "nosniff"]);
  assertEquals(await common("/image"), [200, "max-age=60", "nosniff"]);
  assertEquals(await common("/moved"), [302, "no-store", "nosniff"]);
  assertEquals(await common("/absent"), [404, "no-store", "nosniff"]);
});

Deno.test("what cannot be a handler is refused", () => {
  const handle = () => new Response();
  const table: [options: object, message: string][] = [
    [{ routes: {} }, "routes must be a list of routes, received [object Object]"],
    [{ routes: [], rotes: [] }, `there is no option "rotes"; did you mean "routes"?`],
    [{ routes: [null] }, "a route must be an object, received null"],
    [
      { routes: [{ path: "metrics", handle }] },
      `a route's path must be a text that begins with "/"`,
    ],
    [{ routes: [{ path: "/a" }] }, `handle of the route "/a" must be a function`],
    [{ routes: [{ path: "/a", handle, method: "GET" }] }, `did you mean "methods"?`],
    [{ routes: [{ path: "/a", handle, methods: ["get"] }] }, `methods of the route "/a" must be`],
    [{ routes: [{ path: "/a", handle, methods: [] }] }, `methods of the route "/a" must be`],
    [
      { routes: [{ path: "/a", handle }, { path: "/a", handle, methods: ["POST", "GET"] }] },
      "there are two routes for GET /a",
    ],
    [{ routes: [], allowedHosts: "localhost" }, "allowedHosts must be a list of host names"],
    [{ routes: [], token: "" }, "token must be a text that is not empty"],
  ];
  for (const [options, message] of table) {
    const { message: actual } = assertThrows(
      () => createHandler(options as HandlerOptions),
      TypeError,
    );
    assertStringIncludes(actual, `Cannot create a handler: `);
    assertStringIncludes(actual, message);
  }
});

Deno.test("what cannot be a route for metrics or health is refused; undefined is absent", () => {
  const scrape = () => Promise.resolve("");
  assertEquals(metricsRoute({ scrape, path: undefined }).path, "/metrics");
  assertEquals(healthRoutes({ ready: undefined }).length, 2);
  for (
    const [create, message] of [
      [() => metricsRoute({ scrape, paths: "/m" } as never), `did you mean "path"?`],
      [() => metricsRoute({} as never), "scrape must be a function, received undefined"],
      [() => healthRoutes({ isReady: () => true } as never), `there is no option "isReady"`],
      [() => healthRoutes({ ready: true as never }), "ready must be a function, received true"],
    ] as const
  ) assertThrows(create, TypeError, message);
});

Deno.test("what turns a connection into a WebSocket is handed on as it is", async () => {
  // No program can make such a response; runtimes do.
  const switching = Object.defineProperty(new Response(), "status", { value: 101 });
  const handler = createHandler({ routes: [{ path: "/a", handle: () => switching }] });
  assertEquals(await handler(request("/a")) === switching, true);
  assertEquals([...switching.headers], []);
});

Deno.test("the body that a HEAD does not get is cancelled", async () => {
  let cancelled = false;
  const handle = () =>
    new Response(
      new ReadableStream({
        cancel: () => {
          cancelled = true;
        },
      }),
    );
  const handler = createHandler({ routes: [{ path: "/a", handle }] });
  assertEquals((await handler(request("/a", "HEAD"))).body, null);
  assertEquals(cancelled, true);
});
