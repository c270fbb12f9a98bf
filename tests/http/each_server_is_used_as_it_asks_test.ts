import { assertEquals, assertRejects } from "@std/assert";
import { createServer } from "node:http";
import { MemoryLogger } from "@busbar/busbar/testing";
import { listenOnBun } from "../../src/http/bun_server.ts";
import { listenOnDeno } from "../../src/http/deno_server.ts";
import { listenOnNode } from "../../src/http/node_server.ts";
import { collectGarbage } from "../support/garbage.ts";
import { runModule } from "../support/processes.ts";
import { nextTurn } from "../support/quiet_bus.ts";

const logger = new MemoryLogger();
const ADDRESS = { hostname: "127.0.0.1", port: 0, logger };

Deno.test("node:http listens, answers, closes after what is in progress, and can be cut off", async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const handler = async ({ url }: Request) => {
    if (new URL(url).pathname === "/slow") {
      asked.resolve();
      await answered.promise;
    }
    return new Response("ok");
  };
  const server = await listenOnNode({ createServer } as never, { ...ADDRESS, handler });
  const origin = `http://127.0.0.1:${server.port}`;
  assertEquals(await (await fetch(origin)).text(), "ok");
  const taken = () =>
    listenOnNode({ createServer } as never, { ...ADDRESS, handler, port: server.port });
  await assertRejects(taken, Error, "EADDRINUSE");
  const slow = fetch(`${origin}/slow`).then((response) => response.text());
  await asked.promise;
  const closed = server.close();
  answered.resolve();
  assertEquals(await slow, "ok");
  await closed;
  await assertRejects(() => server.close());

  const hanging = await listenOnNode({ createServer } as never, {
    ...ADDRESS,
    handler: () => {
      cut.resolve();
      return new Promise<Response>(() => {});
    },
  });
  const cut = Promise.withResolvers<void>();
  const lost = fetch(`http://127.0.0.1:${hanging.port}`).then(() => "answered", () => "cut off");
  await cut.promise;
  const ended = hanging.close();
  hanging.abort();
  assertEquals(await lost, "cut off");
  await ended;
});

Deno.test("an error of node:http is thrown before it listens, and logged afterwards", async () => {
  const listeners: ((error: unknown) => void)[] = [];
  const fake = (listens: boolean) => ({
    createServer: () => ({
      on: (_event: string, listener: (error: unknown) => void) => listeners.push(listener),
      listen: (_port: number, _hostname: string, listening: () => void) =>
        listens ? listening() : listeners.at(-1)?.(new Error("no permission")),
      address: () => ({ port: 7 }),
      close: () => {},
      closeIdleConnections: () => {},
      closeAllConnections: () => {},
    }),
  });
  const lines = new MemoryLogger();
  const options = { ...ADDRESS, logger: lines, handler: () => new Response() };
  await assertRejects(() => listenOnNode(fake(false) as never, options), Error, "no permission");
  assertEquals((await listenOnNode(fake(true) as never, options)).port, 7);
  listeners.at(-1)?.(new Error("too many files"));
  assertEquals(lines.lines, ["busbar: Cannot accept a connection: too many files"]);
});

Deno.test("Bun's server is stopped after what is in progress, or at once", async () => {
  const stops: unknown[][] = [];
  const asked: unknown[] = [];
  const lines = new MemoryLogger();
  const server = listenOnBun({
    serve: (options) => {
      asked.push(options);
      return {
        port: options.port + 1,
        stop: (...how: unknown[]) => Promise.resolve(void stops.push(how)),
      };
    },
  }, { ...ADDRESS, logger: lines, handler: () => new Response() });
  await server.close();
  await server.abort();
  assertEquals([server.port, stops], [1, [[], [true]]]);
  // Neither does it show source to a client, nor share its port.
  const [{ development, reusePort, error }] = asked as [Record<string, unknown>];
  assertEquals([development, reusePort], [false, false]);
  const response = (error as (error: unknown) => Response)(new Error("the secret reason"));
  assertEquals([response.status, await response.text()], [500, "This could not be answered\n"]);
  assertEquals(lines.lines, ["busbar: Cannot answer a request: the secret reason"]);
});

/** Deno's server without a network. */
function fakeDeno() {
  const served: { handler?: (request: Request) => unknown; signal?: AbortSignal } = {};
  const shutdown = Promise.withResolvers<void>();
  const deno = {
    serve: (options: { signal: AbortSignal }, handler: (request: Request) => unknown) => {
      Object.assign(served, { handler, signal: options.signal });
      return { addr: { port: 7 }, shutdown: () => shutdown.promise };
    },
  };
  return { deno: deno as never, served, shutdown };
}

Deno.test("Deno's server is cut off while requests are in progress, not once it shuts down", async () => {
  const answered = Promise.withResolvers<Response>();
  const { deno, served, shutdown } = fakeDeno();
  const server = listenOnDeno(deno, { ...ADDRESS, handler: () => answered.promise });
  served.handler?.(new Request("http://a"));
  const closed = server.close();
  await nextTurn();
  answered.resolve(new Response());
  await nextTurn();
  server.abort();
  assertEquals(served.signal?.aborted, false);
  shutdown.resolve();
  await closed;

  const other = fakeDeno();
  const hanging = listenOnDeno(other.deno, { ...ADDRESS, handler: () => new Promise(() => {}) });
  other.served.handler?.(new Request("http://a"));
  void hanging.close();
  await nextTurn();
  hanging.abort();
  assertEquals(other.served.signal?.aborted, true);
});

Deno.test("a response that was sent is let go while the server goes on", async () => {
  const { deno, served } = fakeDeno();
  const server = listenOnDeno(deno, { ...ADDRESS, handler: () => new Response("sent") });
  /** In a function of its own, which leaves no reference behind. */
  const send = async () => new WeakRef(await served.handler?.(new Request("http://a")) as object);
  const sent = await send();
  await nextTurn();
  collectGarbage();
  assertEquals([sent.deref(), server.port], [undefined, 7]);
});

Deno.test("a runtime is known by what it has, and one without a server is told so", async () => {
  const serve = JSON.stringify(new URL("../../src/http/serve.ts", import.meta.url));
  const { stdout, stderr } = await runModule(`
    // Deno makes its process when it is first looked at, of what it then has.
    const { process } = globalThis;
    const { serve } = await import(${serve});
    const options = { hostname: "127.0.0.1", port: 0, logger: console };
    const handler = () => new Response("ok");
    const found = [];
    const has = (name, value) =>
      Object.defineProperty(globalThis, name, { configurable: true, value });
    const server = (name) => ({
      serve: (options) => {
        found.push(name);
        return { addr: { port: 1 }, port: 1, shutdown: async () => {}, stop: async () => {} };
      },
    });
    has("Deno", server("Deno"));
    has("Bun", server("Bun"));
    await (await serve(handler, options)).shutdown();
    has("Deno", undefined);
    await (await serve(handler, options)).shutdown();
    has("Bun", undefined);
    const http = {
      createServer: () => ({
        on: () => {},
        listen: (port, hostname, listening) => {
          found.push("Node");
          listening();
        },
        address: () => ({ port: 1 }),
        close: (closed) => closed(),
        closeIdleConnections: () => {},
      }),
    };
    has("process", { getBuiltinModule: () => http });
    await (await serve(handler, options)).shutdown();
    has("navigator", { userAgent: "Cloudflare-Workers" });
    await serve(handler, options).catch((error) => found.push(error.message));
    has("navigator", undefined);
    has("process", undefined);
    await serve(handler, options).catch((error) => found.push(error.message));
    has("process", process);
    console.log(JSON.stringify(found));
  `);
  assertEquals(stderr, "");
  const [deno, bun, node, ...none] = JSON.parse(stdout);
  assertEquals([deno, bun, node], ["Deno", "Bun", "Node"]);
  assertEquals(none.length, 2);
  for (const message of none) {
    assertEquals(
      message.startsWith("Cannot serve metrics: this runtime has neither Deno.serve, Bun.serve"),
      true,
      message,
    );
  }
});
