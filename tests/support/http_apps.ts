/**
 * One service, written for each framework that has an adapter.
 *
 * @module
 */
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { EventBus } from "@busbar/busbar";
import { toNodeHandler } from "@busbar/busbar/http";
import {
  expressMiddleware,
  fastifyPlugin,
  honoMiddleware,
  instrumentHandler,
  instrumentListener,
  setHttpRoute,
} from "@busbar/busbar/instrumentation/http";
import { listening, type LoopbackServer, serveNatively } from "./loopback.ts";
import { readStock, type ServiceEvents } from "./observed_http.ts";

/** The routes of the service. */
export const ROUTES = [
  "/shop/items/:id",
  "/shop/orders",
  "/shop/throws",
  "/shop/refused",
  "/shop/parts",
  "/shop/endless",
];

/** A service that is served with its adapter. */
export interface App {
  readonly name: string;
  /** Whether what a handler throws is seen, and not only its status. */
  readonly seesErrors: boolean;
  serve(bus: EventBus<ServiceEvents>): Promise<LoopbackServer>;
}

/** What is used of Express and Koa, whose packages have no types. */
type ExpressRequest = IncomingMessage & {
  readonly params: { readonly id: string };
  readonly body: { readonly item: string };
};
type ExpressResponse = ServerResponse & {
  send(text: string): void;
  status(code: number): ExpressResponse;
};
interface KoaContext {
  readonly url: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  respond: boolean;
  status: number;
  body: string;
}

const BOOM = () => new RangeError("boom");

/** Its parts come one after the other, for ever if there is no last one. */
function streamOf(count: number): ReadableStream<Uint8Array> {
  let part = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (part++ < count) controller.enqueue(new TextEncoder().encode(`part ${part}\n`));
      else controller.close();
    },
  });
}

/** What the service does, for those who have a web `Request`. */
async function answer(bus: EventBus<ServiceEvents>, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/metrics":
      return new Response("up 1\n");
    case "/shop/orders":
      return new Response(await readStock(bus, (await request.json()).item));
    case "/shop/throws":
      throw BOOM();
    case "/shop/refused":
      return new Response("no", { status: 400 });
    case "/shop/parts":
      return new Response(streamOf(3), { headers: { "content-type": "text/event-stream" } });
    case "/shop/endless":
      return new Response(streamOf(Infinity), { headers: { "content-type": "text/event-stream" } });
  }
  const [, id] = /^\/shop\/items\/([^/]+)$/.exec(pathname) ?? [];
  return id === undefined
    ? new Response("nothing", { status: 404 })
    : new Response(await readStock(bus, id));
}

/** Writes a stream to a response of `node:http`. */
async function pipe(count: number, response: ServerResponse): Promise<void> {
  let isOpen = true;
  response.on("close", () => isOpen = false);
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let part = 1; isOpen && part <= count; part++) {
    response.write(`part ${part}\n`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  response.end();
}

async function bodyOf(request: IncomingMessage): Promise<{ item: string }> {
  let text = "";
  for await (const chunk of request) text += new TextDecoder().decode(chunk);
  return JSON.parse(text);
}

/** The same for those who have a request of `node:http`. */
async function answerNode(
  bus: EventBus<ServiceEvents>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [pathname = ""] = (request.url ?? "").split("?");
  if (pathname === "/shop/parts") return await pipe(3, response);
  if (pathname === "/shop/endless") return await pipe(Infinity, response);
  const body = pathname === "/shop/orders" ? JSON.stringify(await bodyOf(request)) : undefined;
  const asked = new Request(`http://localhost${pathname}`, {
    method: request.method ?? "GET",
    ...(body === undefined ? {} : { body }),
  });
  const answered = await answer(bus, asked).catch(() => new Response(null, { status: 500 }));
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.end(await answered.text());
}

/** The same as servers answer what a handler throws, without writing it to the console. */
function answering500(handler: (request: Request) => Promise<Response>) {
  return (request: Request, ...rest: []) =>
    handler(request, ...rest).catch(() => new Response("sorry", { status: 500 }));
}

function listen(listener: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(listener);
  return listening(server, 0, () => server.closeAllConnections());
}

const handlerApp: App = {
  name: "a handler",
  seesErrors: true,
  serve(bus) {
    const handler = instrumentHandler(bus, (request) => answer(bus, request), { route: ROUTES });
    return serveNatively(answering500(handler), toNodeHandler(handler));
  },
};

const listenerApp: App = {
  name: "node:http",
  seesErrors: false,
  serve: (bus) =>
    listen(
      instrumentListener(
        bus,
        (request: IncomingMessage, response: ServerResponse) =>
          void answerNode(bus, request, response),
        { route: ROUTES },
      ),
    ),
};

const koaApp: App = {
  name: "Koa",
  seesErrors: false,
  serve(bus) {
    const app = new Koa();
    app.silent = true;
    app.use(async (context: KoaContext) => {
      const [pathname = ""] = context.url.split("?");
      const route = /^\/shop\/items\/[^/]+$/.test(pathname) ? "/shop/items/:id" : pathname;
      if (ROUTES.includes(route)) setHttpRoute(context.req, route);
      if (/parts|endless/.test(pathname)) {
        context.respond = false;
        return await pipe(pathname.endsWith("parts") ? 3 : Infinity, context.res);
      }
      const body = pathname === "/shop/orders"
        ? { method: "POST", body: JSON.stringify(await bodyOf(context.req)) }
        : {};
      const answered = await answer(bus, new Request(`http://localhost${pathname}`, body));
      context.status = answered.status;
      context.body = await answered.text();
    });
    return listen(instrumentListener(bus, app.callback()));
  },
};

const expressApp: App = {
  name: "Express",
  seesErrors: false,
  serve(bus) {
    const app = express();
    app.set("env", "test"); // it writes no errors
    app.use(expressMiddleware(bus));
    app.use(express.json());
    app.get(
      "/metrics",
      (_request: unknown, response: ExpressResponse) => void response.send("up 1\n"),
    );
    const shop = express.Router();
    shop.get("/items/:id", async (request: ExpressRequest, response: ExpressResponse) => {
      response.send(await readStock(bus, request.params.id));
    });
    shop.post("/orders", async (request: ExpressRequest, response: ExpressResponse) => {
      response.send(await readStock(bus, request.body.item));
    });
    shop.get("/throws", () => {
      throw BOOM();
    });
    shop.get(
      "/refused",
      (_request: unknown, response: ExpressResponse) => void response.status(400).send("no"),
    );
    shop.get("/parts", (_request: unknown, response: ExpressResponse) => pipe(3, response));
    shop.get(
      "/endless",
      (_request: unknown, response: ExpressResponse) => pipe(Infinity, response),
    );
    app.use("/shop", shop);
    return listen(app as never);
  },
};

const fastifyApp: App = {
  name: "Fastify",
  seesErrors: true,
  async serve(bus) {
    const app = fastify({ forceCloseConnections: true });
    app.register(fastifyPlugin(bus));
    app.get("/metrics", () => "up 1\n");
    app.register((shop, _options, done) => {
      shop.get("/items/:id", ({ params }) => readStock(bus, (params as { id: string }).id));
      shop.post("/orders", ({ body }) => readStock(bus, (body as { item: string }).item));
      shop.get("/throws", () => {
        throw BOOM();
      });
      shop.get("/refused", (_request, reply) => reply.code(400).send("no"));
      for (const [path, count] of [["/parts", 3], ["/endless", Infinity]] as const) {
        shop.get(path, (_request, reply) => {
          reply.hijack();
          return pipe(count, reply.raw);
        });
      }
      done();
    }, { prefix: "/shop" });
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return {
      origin,
      port: Number(new URL(origin).port),
      [Symbol.asyncDispose]: () => app.close(),
    };
  },
};

const honoApp: App = {
  name: "Hono",
  seesErrors: true,
  serve(bus) {
    const app = new Hono();
    app.onError((_error, context) => context.text("sorry", 500));
    app.use(honoMiddleware(bus));
    app.get("/metrics", (context) => context.text("up 1\n"));
    const shop = new Hono();
    shop.get(
      "/items/:id",
      async (context) => context.text(await readStock(bus, context.req.param("id"))),
    );
    for (const path of ["/throws", "/refused", "/parts", "/endless"]) {
      shop.get(path, ({ req }) => answer(bus, req.raw));
    }
    shop.post("/orders", ({ req }) => answer(bus, req.raw));
    app.route("/shop", shop);
    return serveNatively(
      (request, info?: never) => app.fetch(request, info),
      toNodeHandler(app.fetch),
    );
  },
};

/** All of them. */
export const APPS: readonly App[] = [
  handlerApp,
  listenerApp,
  expressApp,
  fastifyApp,
  honoApp,
  koaApp,
];
