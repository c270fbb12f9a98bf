import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createMetricsHandler } from "./metrics_handler.ts";
import {
  listenError,
  type MetricsServer,
  metricsServer,
  resolveAddress,
  type ServeMetricsOptions,
} from "./metrics_server.ts";

/** Serves metrics with `node:http`, which is loaded only then. */
export async function serveOnNode(options: ServeMetricsOptions): Promise<MetricsServer> {
  const address = resolveAddress(options);
  const handler = createMetricsHandler(options);
  const { createServer } = await import("node:http");
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, handler).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, address)));
    server.listen(address.port, address.hostname, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return metricsServer({ ...address, port }, {
    afterRequests: () =>
      new Promise((resolve, reject) => {
        server.close((error) => error === undefined ? resolve() : reject(error));
        // What is kept alive has no request under way, but would keep the server open.
        server.closeIdleConnections();
      }),
    now: () => server.closeAllConnections(),
  });
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handler: (request: Request) => Promise<Response>,
): Promise<void> {
  const request = requestOf(incoming);
  // No answer needs what was sent with a request.
  incoming.resume();
  if (request === undefined) {
    outgoing.writeHead(400, { "content-type": "text/plain; charset=utf-8" }).end("Bad request\n");
    return;
  }
  const response = await handler(request);
  const body = await response.bytes();
  outgoing.writeHead(response.status, [...response.headers].flat());
  outgoing.end(body);
}

/** A request that can be asked of the handler; `undefined` if its method or address cannot. */
function requestOf({ method = "GET", url = "/", headers }: IncomingMessage): Request | undefined {
  try {
    const asked = new Headers();
    for (const name of ["accept", "accept-encoding"]) {
      const value = headers[name];
      if (value !== undefined) asked.set(name, String(value));
    }
    const absolute = url.startsWith("/") ? `http://localhost${url}` : url;
    return new Request(absolute, { method, headers: asked });
  } catch {
    return undefined;
  }
}
