import type { ListeningServer, ListenOptions } from "./server.ts";

/** What is used of Deno; written out, since other runtimes' compilers do not know its types. */
export interface DenoRuntime {
  /** Starts a server at once. */
  serve(
    options: { hostname: string; port: number; onListen: () => void; signal: AbortSignal },
    handler: (request: Request) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
}

/** Listens with `Deno.serve`. */
export function listenOnDeno(
  deno: DenoRuntime,
  { hostname, port, handler }: ListenOptions,
): ListeningServer {
  const inProgress = new Set<Promise<Response>>();
  const controller = new AbortController();
  const server = deno.serve(
    { hostname, port, onListen: () => {}, signal: controller.signal },
    (request) => {
      const response = Promise.resolve(handler(request)).finally(() => {
        inProgress.delete(response);
      });
      inProgress.add(response);
      return response;
    },
  );
  let isClosing = false;
  return {
    port: server.addr.port,
    close: async () => {
      await Promise.allSettled(inProgress);
      isClosing = true;
      await server.shutdown();
    },
    // Once Deno's own shutdown has begun, it cannot be cut short.
    abort: () => isClosing || controller.abort(),
  };
}
