import { assertEquals, assertRejects } from "@std/assert";
import { createHandler, type Handler, healthRoutes, toNodeHandler } from "@busbar/busbar/http";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";

/** Serves a handler with `node:http` until the test ends. */
async function served(handler: Handler): Promise<AsyncDisposable & { origin: string }> {
  const server = createServer(toNodeHandler(handler));
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

Deno.test("what fails is answered with 500, or broken off if it has begun", async () => {
  await using throwing = await served(() => Promise.reject(new Error("no")));
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
  });
  await assertRejects(async () => await (await fetch(breaking.origin)).text());
});

/** What emits events as Node's objects do, on every runtime. */
class Emitter {
  readonly #listeners: [event: string, listener: (value?: unknown) => void][] = [];

  on(event: string, listener: (value?: never) => void): void {
    this.#listeners.push([event, listener as (value?: unknown) => void]);
  }
  emit(event: string, value?: unknown): void {
    for (const [name, listener] of this.#listeners) if (name === event) listener(value);
  }
}

/** A request of `node:http`, without a network. */
class FakeRequest extends Emitter {
  method = "POST";
  url = "/";
  headers: Record<string, string> = { host: "localhost" };
  readableEnded = false;
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

  setHeader(): void {}
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
