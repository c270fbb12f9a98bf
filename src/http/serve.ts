import type { DeadlineOptions } from "../library/options.ts";
import type { Logger } from "../internal/logger.ts";
import { type BunRuntime, listenOnBun } from "./bun_server.ts";
import { type DenoRuntime, listenOnDeno } from "./deno_server.ts";
import { listenOnNode, type NodeRuntime } from "./node_server.ts";
import {
  type Address,
  type Handler,
  listenError,
  type ListeningServer,
  type ListenOptions,
  originOf,
  shutdownOf,
} from "./server.ts";

/** Where a handler is served, and until when. */
export interface ServeOptions extends Address {
  /** Ends the server, as `shutdown` does, when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Where failures are logged. */
  readonly logger: Logger;
}

/** A server that answers requests. */
export interface HttpServer extends AsyncDisposable {
  /** Where it is, such as `http://127.0.0.1:9464`. */
  readonly origin: string;
  /** Closes the server after the requests in progress, or at the deadline; only once. */
  shutdown(options?: DeadlineOptions): Promise<void>;
}

/**
 * Serves a handler with the runtime's own server: `Deno.serve`, `Bun.serve`, or Node's `node:http`.
 *
 * @throws {AddressInUseError} if the address is in use
 * @throws the signal's reason if it has aborted
 */
export async function serve(handler: Handler, options: ServeOptions): Promise<HttpServer> {
  const { hostname, signal, logger } = options;
  signal?.throwIfAborted();
  let server: ListeningServer;
  try {
    server = await listen({ hostname, port: options.port, handler, logger });
  } catch (error) {
    throw listenError(error, options);
  }
  const shutdown = shutdownOf(server);
  const end = () => void shutdown();
  signal?.addEventListener("abort", end, { once: true });
  const stop = async (deadline?: DeadlineOptions) => {
    signal?.removeEventListener("abort", end);
    await shutdown(deadline);
  };
  if (signal?.aborted) {
    await stop();
    signal.throwIfAborted();
  }
  return {
    origin: originOf({ hostname, port: server.port }),
    shutdown: stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

interface Runtimes {
  readonly Deno?: DenoRuntime;
  readonly Bun?: BunRuntime;
  readonly process?: Partial<NodeRuntime>;
  readonly navigator?: { readonly userAgent?: string };
}

/** What Cloudflare's runtime calls itself: its `node:http` can be loaded, but opens no port. */
const WORKERS = "Cloudflare-Workers";

async function listen(options: ListenOptions): Promise<ListeningServer> {
  const { Deno, Bun, process, navigator } = globalThis as Runtimes;
  if (Deno !== undefined) return listenOnDeno(Deno, options);
  if (Bun !== undefined) return listenOnBun(Bun, options);
  const http = process?.getBuiltinModule?.("node:http");
  if (http !== undefined && navigator?.userAgent !== WORKERS) {
    return await listenOnNode(http, options);
  }
  throw new Error(
    "Cannot serve metrics: this runtime has neither Deno.serve, Bun.serve nor node:http; hand the " +
      "handler of createHandler to the server that it has",
  );
}
