import { errorText, report } from "../internal/reporting.ts";
import { toNodeHandler } from "./node_handler.ts";
import type { NodeRequest, NodeResponse } from "./node_message.ts";
import type { ListeningServer, ListenOptions } from "./server.ts";

/** What is used of Node's `process`. */
export interface NodeRuntime {
  /** Gives a module of Node's own without an import, which other runtimes could not resolve. */
  getBuiltinModule(name: "node:http"): NodeHttp | undefined;
}

interface NodeHttp {
  createServer(listener: (incoming: NodeRequest, outgoing: NodeResponse) => void): NodeServer;
}

interface NodeServer {
  on(event: "error", listener: (error: unknown) => void): unknown;
  listen(port: number, hostname: string, listener: () => void): unknown;
  address(): { readonly port: number } | string | null;
  close(listener: (error?: Error) => void): unknown;
  closeIdleConnections(): void;
  closeAllConnections(): void;
}

/** Listens with `node:http`. */
export async function listenOnNode(
  http: NodeHttp,
  { hostname, port, handler, logger }: ListenOptions,
): Promise<ListeningServer> {
  const server = http.createServer(toNodeHandler(handler, { logger }));
  await new Promise<void>((resolve, reject) => {
    let isListening = false;
    server.on("error", (error) => {
      // Without a listener it would end the process.
      if (isListening) report(logger, `Cannot accept a connection: ${errorText(error)}`);
      else reject(error);
    });
    server.listen(port, hostname, () => {
      isListening = true;
      resolve();
    });
  });
  return {
    port: (server.address() as { readonly port: number }).port,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => error === undefined ? resolve() : reject(error));
        // What is kept alive has no request in progress, but would keep the server open.
        server.closeIdleConnections();
      }),
    abort: () => server.closeAllConnections(),
  };
}
