/**
 * Servers of this machine for tests: `node:http` and `node:net` do it on Deno, Node and Bun alike.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";

/** What listens on a port of 127.0.0.1 until it is disposed of. */
export interface LoopbackServer extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:…` */
  readonly origin: string;
}

/** What is used of both kinds of servers. */
interface Listening {
  once(event: "error", listener: (error: Error) => void): unknown;
  listen(port: number, hostname: string, listener: () => void): unknown;
  address(): AddressInfo | string | null;
  close(listener: () => void): unknown;
}

/**
 * Makes a server listen.
 *
 * @param cut ends the connections that its clients keep
 */
export async function listening(
  server: Listening,
  port: number,
  cut: () => void,
): Promise<LoopbackServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  let closed: Promise<void> | undefined;
  return {
    port: bound,
    origin: `http://127.0.0.1:${bound}`,
    [Symbol.asyncDispose]: () =>
      closed ??= new Promise<void>((resolve) => {
        server.close(resolve);
        // A client keeps its connections for its next request, which nobody will make.
        cut();
      }),
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handler: (request: Request) => Response | Promise<Response>,
): Promise<void> {
  const { method = "GET", url = "/", headers } = incoming;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of incoming) chunks.push(new Uint8Array(chunk));
  const asked = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const response = await handler(
    new Request(`http://${headers.host}${url}`, {
      method,
      headers: asked,
      ...(chunks.length === 0 ? {} : { body: await new Blob(chunks).arrayBuffer() }),
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(new Uint8Array(await response.arrayBuffer()));
}

/** Serves HTTP, on a free port unless one is named. */
export function serve(
  handler: (request: Request) => Response | Promise<Response>,
  port = 0,
): Promise<LoopbackServer> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, handler).catch(() => outgoing.destroy());
  });
  return listening(server, port, () => server.closeAllConnections());
}

interface Runtimes {
  readonly Deno?: {
    serve(options: object, handler: unknown): {
      readonly addr: { readonly port: number };
      shutdown(): Promise<void>;
    };
  };
  readonly Bun?: {
    serve(options: object): { readonly port: number; stop(now: boolean): Promise<void> };
  };
}

/**
 * Serves HTTP with the server that the runtime has for it: `Deno.serve`, `Bun.serve` or `node:http`.
 *
 * @param handler for a `Request`; it is handed over as it is, as users do
 * @param listener the same for `node:http`
 */
export async function serveNatively(
  handler: (request: Request) => Response | Promise<Response>,
  listener: (incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Promise<LoopbackServer> {
  const { Deno: deno, Bun: bun } = globalThis as Runtimes;
  const options = { hostname: "127.0.0.1", port: 0 };
  const loopback = (port: number, end: () => Promise<void>) => ({
    port,
    origin: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: end,
  });
  if (deno !== undefined) {
    const server = deno.serve({ ...options, onListen: () => {} }, handler);
    return loopback(server.addr.port, () => server.shutdown());
  }
  if (bun !== undefined) {
    const server = bun.serve({ ...options, fetch: handler });
    return loopback(server.port, () => server.stop(true));
  }
  const server = createServer(listener);
  return await listening(server, 0, () => server.closeAllConnections());
}

/** Answers whatever a connection first sends with `reply`, byte by byte as it is, and hangs up. */
export function serveBytes(reply: (connectionNumber: number) => string): Promise<LoopbackServer> {
  let connections = 0;
  const server = createTcpServer((socket) => {
    const text = reply(connections++);
    socket.on("error", () => {});
    socket.once("data", () => socket.end(text));
  });
  return listening(server, 0, () => {});
}

/** Ports that no system gives to whoever asks for any: nobody can be given one of them meanwhile. */
const FREE_PORTS = { from: 20_000, count: 10_000 };

/** A port that nobody listens on, for a program that takes one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FREE_PORTS.from + Math.floor(Math.random() * FREE_PORTS.count);
    try {
      await using server = await serve(() => new Response(), port);
      return server.port;
    } catch (error) {
      if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    }
  }
}
