import { assertEquals } from "@std/assert";
import { Hono } from "hono";
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, type Socket } from "node:net";
import { honoMiddleware, instrumentListener } from "@busbar/busbar/instrumentation/http";
import { listening } from "../../support/loopback.ts";
import { type Observed, observedHttp, pointsOf } from "../../support/observed_http.ts";

/** Sends a text to a port. */
function send(port: number, text: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(text);
  return socket;
}

const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, "host: shop.example", ...headers, "", ""].join("\r\n");

function assertNoneUnderWay(observed: Observed) {
  const [active] = pointsOf(observed, "http.server.active_requests");
  assertEquals(active && "value" in active && active.value, 0);
}

Deno.test("requests that wait for one before them end with their connection", async () => {
  const service = observedHttp();
  let underWay = 0;
  let arrived = () => {};
  const all = new Promise<void>((resolve) => arrived = resolve);
  const own = createServer(instrumentListener(service.bus, (_request, response) => {
    // The first one is not answered, so that the others cannot be sent.
    if (underWay++ > 0) response.end("tea");
    if (underWay === 15) arrived();
  }, { route: "/items/:id" }));
  const warnings: string[] = [];
  const warn = ({ name }: Error) => warnings.push(name);
  const { process } = globalThis as unknown as { process?: NodeJS.Process };
  process?.on("warning", warn);
  {
    await using server = await listening(own, 0, () => own.closeAllConnections());
    const client = send(server.port, get("/items/7").repeat(15));
    await all;
    client.destroy();
    await service.ended(15);
  }
  process?.off("warning", warn);
  const observed = await service.observed();
  assertEquals(observed.ends.map(({ aborted }) => aborted), Array(15).fill(true));
  assertEquals(observed.spans.length, 15);
  assertNoneUnderWay(observed);
  assertEquals(warnings, [], "a connection has too many listeners");
});

Deno.test("requests that wait for one before them end when they are sent", async () => {
  const service = observedHttp();
  let first: ServerResponse | undefined;
  const own = createServer(instrumentListener(service.bus, (_request, response) => {
    if (first === undefined) return void (first = response);
    response.end("tea");
    first.end("coffee");
  }));
  {
    await using server = await listening(own, 0, () => own.closeAllConnections());
    const client = send(server.port, get("/items/7").repeat(2));
    await service.ended(2);
    client.destroy();
  }
  const observed = await service.observed();
  assertEquals(observed.ends.map(({ status, aborted }) => [status, aborted]), [
    [200, false],
    [200, false],
  ]);
  assertNoneUnderWay(observed);
});

Deno.test("Hono on node:http: a client that goes away before the answer ends its request", async () => {
  const service = observedHttp();
  const app = new Hono();
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => asked = resolve);
  app.use(honoMiddleware(service.bus));
  app.get("/items/:id", () => {
    asked();
    return new Promise<Response>(() => {});
  });
  // As `@hono/node-server` does.
  const own = createServer((incoming, outgoing) =>
    void app.fetch(new Request(`http://localhost${incoming.url}`), { incoming, outgoing })
  );
  {
    await using server = await listening(own, 0, () => own.closeAllConnections());
    const client = send(server.port, get("/items/7"));
    await isAsked;
    client.destroy();
    await service.ended(1);
  }
  const observed = await service.observed();
  assertEquals(
    observed.ends.map(({ route, status, aborted, errorType }) => [
      route,
      status,
      aborted,
      errorType,
    ]),
    [["/items/:id", undefined, true, undefined]],
  );
  assertNoneUnderWay(observed);
});

Deno.test("an upgrade that a framework handles as a request ends with its 101", async () => {
  const service = observedHttp();
  const listener = instrumentListener(
    service.bus,
    ({ url }: IncomingMessage, response: ServerResponse) => {
      if (url === "/refused") {
        response.statusCode = 403;
        response.setHeader("content-length", 2);
        return void response.end("no");
      }
      // As `@fastify/websocket` does.
      response.socket?.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\n\r\nhello");
    },
    { route: ["/live", "/refused"] },
  );
  const own = createServer();
  const sockets: Socket[] = [];
  own.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    sockets.push(socket);
    socket.on("error", () => {}); // its client is cut
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    listener(request, response);
  });
  {
    await using server = await listening(own, 0, () => {
      for (const socket of sockets) socket.destroy();
    });
    for (const [index, path] of ["/live", "/refused"].entries()) {
      const client = send(server.port, get(path, "connection: upgrade", "upgrade: echo"));
      await service.ended(index + 1);
      client.destroy();
    }
  }
  const observed = await service.observed();
  assertEquals(
    observed.ends.map(({ route, status, aborted, responseBytes }) => [
      route,
      status,
      aborted,
      responseBytes,
    ]),
    [["/live", 101, false, undefined], ["/refused", 403, false, 2]],
  );
  assertNoneUnderWay(observed);
});

Deno.test("HTTP/2: a stream that its client closes is aborted, and others are not", async () => {
  const service = observedHttp();
  const own = createHttp2Server(
    instrumentListener(service.bus, ({ url }, response) => {
      if (url === "/items/7") return void response.end("tea");
      response.write("some");
    }, { route: ["/items/:id", "/live"] }),
  );
  {
    await using server = await listening(own, 0, () => {});
    const client = connectHttp2(server.origin);
    for (const [index, path] of ["/items/7", "/live"].entries()) {
      const stream = client.request({ ":path": path });
      stream.on("data", () => path === "/live" && stream.close(8));
      await service.ended(index + 1);
    }
    client.close();
  }
  const observed = await service.observed();
  assertEquals(observed.ends.map(({ route, status, aborted }) => [route, status, aborted]), [
    ["/items/:id", 200, false],
    ["/live", 200, true],
  ]);
  assertNoneUnderWay(observed);
});
