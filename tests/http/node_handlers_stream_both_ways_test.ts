import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createHandler,
  type Handler,
  healthRoutes,
  type NodeHandlerOptions,
  toNodeHandler,
} from "@busbar/busbar/http";
import { MemoryLogger } from "@busbar/busbar/testing";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";

/** Serves a handler with `node:http` until the test ends. */
async function served(
  handler: Handler,
  options?: NodeHandlerOptions,
): Promise<AsyncDisposable & { origin: string }> {
  const server = createServer(toNodeHandler(handler, options));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

Deno.test("method, address, headers and body arrive, and so do status, headers and body", async () => {
  await using server = await served(async (request) => {
    const { pathname, search, host } = new URL(request.url);
    const body = await request.bytes();
    const headers = new Headers({
      "x-asked": `${request.method} ${pathname}${search} ${request.headers.get("x-tag")}`,
      "x-host": host,
    });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    return new Response(body.map((byte) => byte ^ 1), { status: 201, headers });
  });
  const sent = new Uint8Array(3_000_000).map((_, i) => i % 251);
  const response = await fetch(`${server.origin}/a/b?c=%20d`, {
    method: "PUT",
    headers: { "x-tag": "t" },
    body: sent,
  });
  assertEquals([response.status, response.headers.get("x-asked")], [201, "PUT /a/b?c=%20d t"]);
  assertEquals(`http://${response.headers.get("x-host")}`, server.origin);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  const received = await response.bytes();
  assertEquals(received.length, sent.length);
  assertEquals(received.every((byte, i) => byte === ((sent[i] as number) ^ 1)), true);
});

Deno.test("routes, HEAD and 405 are the same as elsewhere, whether a body is read or not", async () => {
  const logger = { warn: () => {} };
  await using server = await served(createHandler({
    routes: [
      ...healthRoutes(),
      { path: "/throws", handle: () => Promise.reject(new Error("no")) },
    ],
    logger,
  }));
  const ask = async (path: string, init: RequestInit = {}) => {
    const { status, headers, text } = await fetch(`${server.origin}${path}`, init)
      .then(async (response) => ({
        status: response.status,
        headers: response.headers,
        text: await response.text(),
      }));
    return [status, headers.get("allow"), text];
  };
  const body = "x".repeat(200_000);
  assertEquals(await ask("/healthz"), [200, null, "ok\n"]);
  assertEquals(await ask("/healthz", { method: "HEAD" }), [200, null, ""]);
  assertEquals(await ask("/healthz", { method: "POST", body }), [
    405,
    "GET, HEAD",
    "Method not allowed\n",
  ]);
  assertEquals(await ask("/throws"), [500, null, "This could not be answered\n"]);
  assertEquals(await ask("/healthz"), [200, null, "ok\n"]);
});

Deno.test("when the client goes away the signal aborts and the body is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  await using server = await served(({ signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("begun")),
        cancel: () => cancelled.resolve(),
      }),
    );
  });
  const request = httpRequest(server.origin, { agent: false });
  request.on("error", () => {});
  request.on("response", (response) => response.on("data", () => request.destroy()));
  request.end();
  await Promise.all([aborted.promise, cancelled.promise]);
});

Deno.test("what fails is logged, and answered with 500, or broken off if it has begun", async () => {
  const logger = new MemoryLogger();
  await using throwing = await served(() => Promise.reject(new Error("no")), { logger });
  const response = await fetch(throwing.origin);
  assertEquals([response.status, await response.text()], [500, ""]);
  await using breaking = await served(() => {
    let chunks = 0;
    return new Response(
      new ReadableStream({
        pull: (controller) => {
          if (chunks++ > 0) throw new Error("no more");
          controller.enqueue(new TextEncoder().encode("begun"));
        },
      }),
    );
  }, { logger });
  await assertRejects(async () => await (await fetch(breaking.origin)).text());
  assertEquals(logger.lines, [
    "busbar: Cannot answer a request: no",
    "busbar: Cannot answer a request: no more",
  ]);
  const logging = { log: logger } as object;
  assertThrows(
    () => toNodeHandler(() => new Response(), logging),
    TypeError,
    `Cannot make a handler for node:http: there is no option "log"; did you mean "logger"?`,
  );
});

/** What emits events as Node's objects do, on every runtime. */
class Emitter {
  readonly #listeners: [event: string, listener: (value?: unknown) => void][] = [];

  on(event: string, listener: (value?: never) => void): void {
    this.#listeners.push([event, listener as (value?: unknown) => void]);
  }
  emit(event: string, value?: unknown): void {
    const heard = this.#listeners.filter(([name]) => name === event);
    // As Node's do.
    if (event === "error" && heard.length === 0) throw value;
    for (const [, listener] of heard) listener(value);
  }
}

/** A request of `node:http`, without a network. */
class FakeRequest extends Emitter {
  method = "POST";
  url = "/";
  headers: Record<string, string | string[] | undefined> = { host: "localhost" };
  readableEnded = false;
  socket: unknown = {};
  isPaused = false;

  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

/** Its response. */
class FakeResponse extends Emitter {
  statusCode = 200;
  statusMessage = "";
  headersSent = false;
  writableFinished = false;
  readonly written: string[] = [];
  /** Whether it takes more at once. */
  isWritable = true;
  readonly ended: Promise<unknown> = new Promise((resolve) => this.on("ended", resolve));

  readonly headers: [name: string, value: unknown][] = [];

  setHeader(name: string, value: unknown): void {
    this.headers.push([name, value]);
  }
  destroy(): void {}
  write(chunk: Uint8Array): boolean {
    this.written.push(new TextDecoder().decode(chunk));
    return this.isWritable;
  }
  end(): void {
    this.writableFinished = true;
    this.emit("ended");
    this.emit("close");
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a body is made no faster than the client reads it", async () => {
  let pulls = 0;
  const outgoing = new FakeResponse();
  outgoing.isWritable = false;
  toNodeHandler(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => {
          if (++pulls > 3) return controller.close();
          controller.enqueue(new TextEncoder().encode(`${pulls}`));
        },
      }, { highWaterMark: 0 }),
    )
  )(new FakeRequest(), outgoing);
  await turn();
  assertEquals([pulls, outgoing.written], [1, ["1"]]);
  outgoing.emit("drain");
  await turn();
  assertEquals([pulls, outgoing.written], [2, ["1", "2"]]);
  outgoing.isWritable = true;
  outgoing.emit("drain");
  await outgoing.ended;
  assertEquals(outgoing.written, ["1", "2", "3"]);
});

Deno.test("a request is read no faster than its handler reads it", async () => {
  const incoming = new FakeRequest();
  const outgoing = new FakeResponse();
  const asked = Promise.withResolvers<Request>();
  const answered = Promise.withResolvers<Response>();
  toNodeHandler((request) => {
    asked.resolve(request);
    return answered.promise;
  })(incoming, outgoing);
  const request = await asked.promise;
  await turn();
  assertEquals(incoming.isPaused, true);
  const reader = request.body?.getReader();
  const first = reader?.read();
  await turn();
  assertEquals(incoming.isPaused, false);
  incoming.emit("data", new Uint8Array([1, 2]));
  assertEquals(incoming.isPaused, true);
  assertEquals([...(await first)?.value ?? []], [1, 2]);
  // What is left over is dropped, so that the connection can go on.
  answered.resolve(new Response());
  await outgoing.ended;
  assertEquals(incoming.isPaused, false);
});

Deno.test("a body that a middleware has read already is empty", async () => {
  const incoming = new FakeRequest();
  incoming.readableEnded = true;
  const outgoing = new FakeResponse();
  toNodeHandler(async (request) => new Response(`${(await request.text()).length}`))(
    incoming,
    outgoing,
  );
  await outgoing.ended;
  assertEquals(outgoing.written, ["0"]);
});

Deno.test("an upload that breaks off makes reading it fail", async () => {
  const incoming = new FakeRequest();
  const outgoing = new FakeResponse();
  const failed = Promise.withResolvers<unknown>();
  toNodeHandler(async (request) => {
    await request.text().catch(failed.resolve);
    return new Response();
  })(incoming, outgoing);
  await turn();
  incoming.emit("data", new Uint8Array([1]));
  incoming.emit("close");
  assertEquals((await failed.promise as Error).message, "the client went away within its request");
  await outgoing.ended;
});

Deno.test("what has no form in the web is answered with 400", async () => {
  for (const strange of [{ url: "*" }, { headers: { host: "a b" } }]) {
    let calls = 0;
    const outgoing = new FakeResponse();
    toNodeHandler(() => {
      calls++;
      return new Response();
    })(Object.assign(new FakeRequest(), strange), outgoing);
    await outgoing.ended;
    assertEquals([outgoing.statusCode, calls], [400, 0], Object.keys(strange).join());
  }
});

/** Has a request answered. */
async function answer(incoming: FakeRequest, handler: Handler): Promise<FakeResponse> {
  const outgoing = new FakeResponse();
  toNodeHandler(handler)(incoming, outgoing);
  await outgoing.ended;
  return outgoing;
}

Deno.test("the address is made of what the request says, in HTTP/2 and over TLS too", async () => {
  const table: [given: Partial<FakeRequest>, url: string][] = [
    [{ headers: { host: "a:1" } }, "http://a:1/"],
    [{ headers: { ":authority": "b:2", ":method": "GET" } }, "http://b:2/"],
    [{ headers: {} }, "http://localhost/"],
    [{ headers: { host: "a" }, socket: { encrypted: true } }, "https://a/"],
    [{ headers: { host: "a" }, socket: undefined }, "http://a/"],
    [{ url: "http://c/d" }, "http://c/d"],
    // As Express has it below a path where it mounts a handler.
    [Object.assign({ url: "/d" }, { originalUrl: "/mounted/d" }), "http://localhost/d"],
  ];
  for (const [given, url] of table) {
    let seen = "";
    await answer(Object.assign(new FakeRequest(), given), (request) => {
      seen = request.url;
      return new Response();
    });
    assertEquals(seen, url);
  }
});

Deno.test("headers that come several times are joined, those that are missing are not there", async () => {
  const headers = { "x-many": ["a", "b"], "x-one": "c", "x-none": undefined };
  let seen: Headers | undefined;
  await answer(Object.assign(new FakeRequest(), { headers }), (request) => {
    seen = request.headers;
    return new Response();
  });
  assertEquals([...seen ?? []], [["x-many", "a, b"], ["x-one", "c"]]);
});

Deno.test("status, its text and headers are handed on, cookies in one list", async () => {
  const incoming = () => new FakeRequest();
  const headers = new Headers({ "x-a": "1" });
  const plain = await answer(incoming(), () => new Response(null, { headers }));
  assertEquals([plain.statusCode, plain.statusMessage], [200, ""]);
  assertEquals(plain.headers, [["x-a", "1"]]);
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  const init = { status: 418, statusText: "Teapot", headers };
  const full = await answer(incoming(), () => new Response(null, init));
  assertEquals([full.statusCode, full.statusMessage], [418, "Teapot"]);
  assertEquals(full.headers, [["x-a", "1"], ["set-cookie", ["a=1", "b=2"]]]);
  const strange = await answer(Object.assign(incoming(), { url: "*" }), () => new Response());
  assertEquals(strange.headers, [["content-type", "text/plain; charset=utf-8"]]);
});

Deno.test("the signal does not abort where the response was sent whole", async () => {
  let signal: AbortSignal | undefined;
  const outgoing = await answer(new FakeRequest(), (request) => {
    signal = request.signal;
    return new Response("all");
  });
  assertEquals([outgoing.written, signal?.aborted], [["all"], false]);
});

Deno.test("a client that has gone away gets no body, and its errors end nothing", async () => {
  const outgoing = new FakeResponse();
  const answered = Promise.withResolvers<Response>();
  toNodeHandler(() => answered.promise)(new FakeRequest(), outgoing);
  outgoing.emit("error", new Error("reset"));
  outgoing.emit("close");
  const cancelled = Promise.withResolvers<void>();
  const pull = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(new Uint8Array(1));
  const body = new ReadableStream({ pull, cancel: () => cancelled.resolve() });
  answered.resolve(new Response(body));
  await cancelled.promise;
  await turn();
  assertEquals([outgoing.written, outgoing.writableFinished], [[], false]);
});

Deno.test("what comes of a body after the response is dropped, and holds nothing up", async () => {
  const incoming = new FakeRequest();
  await answer(incoming, () => new Response());
  for (let i = 0; i < 3; i++) incoming.emit("data", new Uint8Array([i]));
  assertEquals(incoming.isPaused, false);
  incoming.emit("end");
  incoming.emit("close");
});

Deno.test("a body ends once, by its end or by what breaks it off", async () => {
  const read = async (...events: [event: string, value?: unknown][]) => {
    const incoming = new FakeRequest();
    const text = Promise.withResolvers<string>();
    const outgoing = answer(incoming, async (request) => {
      text.resolve(request.text());
      await text.promise.catch(() => {});
      return new Response();
    });
    await turn();
    for (const [event, value] of events) incoming.emit(event, value);
    await outgoing;
    return await text.promise.catch((error: Error) => error.message);
  };
  const data = new TextEncoder().encode("body");
  assertEquals(await read(["data", data], ["end"], ["close"], ["data", data]), "body");
  const error = new Error("reset");
  assertEquals(await read(["data", data], ["error", error], ["close"]), "reset");
});
