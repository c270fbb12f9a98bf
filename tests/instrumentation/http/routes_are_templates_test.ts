import { assert, assertEquals, assertThrows } from "@std/assert";
import express from "express";
import { Hono } from "hono";
import { createServer } from "node:http";
import {
  expressMiddleware,
  honoMiddleware,
  instrumentHandler,
  setHttpError,
  setHttpRoute,
} from "@busbar/busbar/instrumentation/http";
import { capturedWarnings } from "../../support/captured_warnings.ts";
import { listening } from "../../support/loopback.ts";
import { observedHttp } from "../../support/observed_http.ts";

const asked = (path: string) => new Request(`http://shop.example${path}`);

/** The routes of requests for paths. */
async function routesOf(route: Parameters<typeof instrumentHandler>[2], ...paths: string[]) {
  const { bus, observed } = observedHttp();
  const handler = instrumentHandler(bus, () => new Response("text"), route);
  for (const path of paths) handler(asked(path));
  return (await observed()).ends.map(({ route }) => route);
}

Deno.test("a list of templates finds the one that a path matches", async () => {
  const route = ["/", "/items", "/items/:id", "/items/new", "/a/{b}/c", "/files/*"];
  const expected: [path: string, route: string | undefined][] = [
    ["/", "/"],
    ["", "/"],
    ["/?a=/items", "/"],
    ["/items", "/items"],
    ["/items/", "/items"],
    ["/items?q=1#x", "/items"],
    ["/items/7", "/items/:id"],
    ["/items/new", "/items/new"],
    ["/items//", undefined],
    ["/items/7/8", undefined],
    ["/a/x/c", "/a/{b}/c"],
    ["/files", "/files/*"],
    ["/files/a/b", "/files/*"],
    ["/filesystem", undefined],
    ["/ITEMS", undefined],
  ];
  const found = await routesOf({ route }, ...expected.map(([path]) => path));
  assertEquals(found, expected.map(([, route]) => route));
});

Deno.test("a single route is the route, and a function is asked when the response has ended", async () => {
  assertEquals(await routesOf({ route: "/items/:id" }, "/x"), ["/items/:id"]);
  const route = ({ url }: Request) => url.endsWith("/none") ? undefined : "/all";
  assertEquals(await routesOf({ route }, "/none", "/x"), [undefined, "/all"]);
});

Deno.test("a function that throws, or gives no text, costs the route alone", async () => {
  using warnings = capturedWarnings();
  const throws = () => {
    throw new Error("no route");
  };
  assertEquals(await routesOf({ route: throws }, "/a", "/b"), [undefined, undefined]);
  assertEquals(warnings.lines, ["busbar: the option route of an HTTP server threw: no route"]);
  assertEquals(await routesOf({ route: () => 7 as never }, "/a"), [undefined]);
});

Deno.test("what is ignored is handled, and not published", async () => {
  const { bus, observed } = observedHttp();
  const handler = instrumentHandler(bus, () => new Response("text"), { ignore: ["/internal/*"] });
  for (const path of ["/internal/metrics", "/metrics", "/internal"]) {
    assertEquals(await handler(asked(path)).text(), "text");
  }
  assertEquals((await observed()).ends.map(({ path }) => path), ["/metrics"]);
});

Deno.test("wrong options are refused", () => {
  const { bus } = observedHttp();
  const wrong: [options: object, message: string][] = [
    [{ routes: ["/"] }, 'did you mean "route"?'],
    [{ route: ["items"] }, "route must be"],
    [{ route: 7 }, "route must be"],
    [{ ignore: "/metrics" }, "ignore must be"],
    [{ ignore: ["/a*b"] }, "ignore must be"],
    [{ baggage: "tenant" }, "baggage must be"],
    [{ onEnd: 7 }, "onEnd must be a function"],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => instrumentHandler(bus, () => new Response(), options), TypeError, message);
  }
  assertThrows(() => instrumentHandler({} as never, () => new Response()), TypeError, "publish");
  assertThrows(() => instrumentHandler(bus, 7 as never), TypeError, "handler must be a function");
  assertThrows(() => setHttpRoute(asked("/"), ""), TypeError, "route must be a template");
});

Deno.test("Express: routers have the templates that they are mounted at, for every request alike", async () => {
  const service = observedHttp();
  const app = express();
  app.use(expressMiddleware(service.bus));
  type Reply = { send(text: string): void; status(code: number): Reply };
  const send = (_request: unknown, response: Reply) => response.send("text");
  const inner = express.Router().get("/", send).get("/users/:user", send);
  inner.get("/throws", () => {
    throw new Error("boom");
  });
  const outer = express.Router({ mergeParams: true });
  outer.use("/teams/:team", inner);
  app.use("/tenants/:tenant", outer);
  app.use("/Api", inner);
  app.use(express.Router().get("/plain", send));
  const mounted = express();
  mounted.get("/deep/:id", send);
  app.use("/apps/:app", mounted);
  app.use((error: unknown, request: object, response: Reply, _next: unknown) => {
    setHttpError(request, error);
    response.status(500).send("sorry");
  });
  const own = createServer(app);
  const expected: [path: string, route: string | undefined][] = [
    ["/tenants/a%20b/teams/7/users/8", "/tenants/:tenant/teams/:team/users/:user"],
    ["/tenants/a/teams/7", "/tenants/:tenant/teams/:team"],
    ["/tenants/8/teams/8/throws", "/tenants/:tenant/teams/:team/throws"],
    ["/API/users/1", "/Api/users/:user"],
    ["/plain", "/plain"],
    ["/apps/3/deep/4", "/apps/:app/deep/:id"],
    ["/tenants/a/teams/7/none", undefined],
    ["/none", undefined],
  ];
  {
    await using server = await listening(own, 0, () => own.closeAllConnections());
    for (const [path] of expected) await (await fetch(server.origin + path)).text();
    await service.ended(expected.length);
  }
  const { ends } = await service.observed();
  assertEquals(ends.map(({ route }) => route), expected.map(([, route]) => route));
  assertEquals(ends[2]?.error?.message, "boom");
});

Deno.test("Express: of a router that does not say what it has matched, no path is a template", async () => {
  const service = observedHttp();
  const app = express();
  // Those before 2.3 keep no template of a mount: nothing that says so can be written to a request.
  const hide = (request: object) => {
    const [matched] = Object.getOwnPropertySymbols(request).filter(({ description }) =>
      description === "router.tracing.matchedRoute"
    );
    if (matched === undefined) return;
    delete (request as Record<symbol, unknown>)[matched];
    Object.defineProperty(app.request, matched, { set() {}, configurable: true });
  };
  app.use((request: object, _response: unknown, next: () => void) => {
    hide(request);
    next();
  });
  app.use(expressMiddleware(service.bus));
  const inner = express.Router({ mergeParams: true });
  inner.get("/in", (_request: unknown, response: { send(text: string): void }) => {
    response.send("text");
  });
  const outer = express.Router({ mergeParams: true });
  outer.use("/teams/:team", inner);
  app.use("/Tenants/:tenant", outer);
  app.use("/:one-:other", inner);
  app.use("/pair/:one/:other", inner);
  app.use("/files/*rest/end", inner);
  app.use(/^\/number(\d+)/, inner);
  app.use(/^\/letters[a-z]+/, inner);
  const own = createServer(app);
  const expected: [path: string, route: string][] = [
    ["/tenants/a%20b/TEAMS/7/in", "/tenants/:tenant/teams/:team/in"],
    ["/tenants/8/teams/8/in", "/tenants/:tenant/teams/:team/in"],
    ["/a-b/in", "/*/in"],
    ["/pair/x/x/in", "/pair/:one/:other/in"],
    ["/files/a/b/c/end/in", "/*/in"],
    ["/number7/in", "/*/in"],
  ];
  const letters = Array.from({ length: 150 }, (_, i) => {
    const end = [Math.floor(i / 26), i % 26].map((at) => String.fromCharCode(97 + at));
    return `/letters${end.join("")}/in`;
  });
  {
    await using server = await listening(own, 0, () => own.closeAllConnections());
    for (const path of [...expected.map(([path]) => path), ...letters]) {
      await (await fetch(server.origin + path)).text();
    }
    await service.ended(expected.length + letters.length);
  }
  const { ends } = await service.observed();
  const routes = ends.map(({ route }) => route);
  assertEquals(routes.slice(0, expected.length), expected.map(([, route]) => route));
  const told = new Set(routes.slice(expected.length));
  assert(told.size <= 101, `${told.size} templates of one mount`);
  assertEquals(routes.at(-1), "/*/in");
});

Deno.test("Hono: a middleware for many paths is no route where nothing was found", async () => {
  const { bus, observed } = observedHttp();
  const app = new Hono();
  app.use(honoMiddleware(bus));
  app.use(
    "/admin/*",
    (context, next) =>
      context.req.query("token") === undefined ? Promise.resolve(context.text("no", 401)) : next(),
  );
  app.get("/admin/users/:id", (context) => context.text("user"));
  app.mount(
    "/mounted",
    ({ url }) => new Response("", { status: url.endsWith("none") ? 404 : 200 }),
  );
  const paths = ["/none", "/admin/x?token=1", "/admin/users/1?token=1", "/admin/users/1"];
  for (const path of [...paths, "/mounted/a", "/mounted/none"]) {
    await (await app.request(path)).text();
  }
  const { ends } = await observed();
  assertEquals(ends.map(({ route }) => route), [
    ...[undefined, undefined, "/admin/users/:id", "/admin/*", "/mounted/*", undefined],
  ]);
});

Deno.test("an adapter within another one says the route, and counts nothing again", async () => {
  const { bus, observed } = observedHttp();
  const app = new Hono().use(honoMiddleware(bus)).get("/items/:id", ({ text }) => text("tea"));
  const handler = instrumentHandler(bus, (request) => app.fetch(request));
  await (await handler(asked("/items/7"))).text();
  const own = instrumentHandler(bus, (request) => {
    setHttpRoute(request, "/first");
    setHttpRoute(request, "/own/:id");
    return new Response("text");
  });
  own(asked("/own/7"));
  setHttpRoute(asked("/"), "/unobserved");
  const { ends, spans } = await observed();
  assertEquals(ends.map(({ route }) => route), ["/items/:id", "/own/:id"]);
  assertEquals(spans.map(({ name }) => name), ["GET /items/:id", "GET /own/:id"]);
});
