import type { ListeningServer, ListenOptions } from "./server.ts";

/** What is used of Bun. */
export interface BunRuntime {
  /** Starts a server at once. */
  serve(options: {
    hostname: string;
    port: number;
    fetch: (request: Request) => Response | Promise<Response>;
  }): { readonly port: number; stop(now?: boolean): Promise<void> };
}

/** Listens with `Bun.serve`. */
export function listenOnBun(
  bun: BunRuntime,
  { hostname, port, handler }: ListenOptions,
): ListeningServer {
  const server = bun.serve({ hostname, port, fetch: handler });
  return {
    port: server.port,
    close: () => server.stop(),
    abort: () => server.stop(true),
  };
}
