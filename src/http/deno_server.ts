import { monotonicMs } from "../internal/clocks.ts";
import { Backoff } from "../internal/backoff.ts";
import { errorText, report } from "../internal/reporting.ts";
import { pause, settlesWithin } from "../internal/timers.ts";
import type { ListeningServer, ListenOptions } from "./server.ts";
import { textResponse } from "./text_response.ts";

/** What is used of Deno; written out, since other runtimes' compilers do not know its types. */
export interface DenoRuntime {
  /** Starts a server at once. */
  serve(
    options: {
      hostname: string;
      port: number;
      onListen: () => void;
      onError: (error: unknown) => Response;
      signal: AbortSignal;
    },
    handler: (request: Request) => Response | Promise<Response>,
  ): DenoServer;
}

interface DenoServer {
  readonly addr: { readonly port: number };
  /** Rejects when it cannot accept a connection; it listens no more then. */
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

/** How long requests in progress may take when their server has failed. */
const GRACE_MS = 1_000;
/** How long to wait before it listens again; each time twice as long, as far as the second. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2_000;
/** A server that has listened this long starts that over. */
const STEADY_MS = 10_000;

/** Listens with `Deno.serve`, and again whenever that has failed to accept a connection. */
export function listenOnDeno(deno: DenoRuntime, options: ListenOptions): ListeningServer {
  const { hostname, port, handler, logger } = options;
  const inProgress = new Set<Promise<Response>>();
  const closing = new AbortController();
  const backoff = new Backoff();
  const tell = (text: string) => {
    if (backoff.due(monotonicMs())) report(logger, text);
  };
  let pauseMs = FIRST_PAUSE_MS;

  const listen = (port: number) => {
    const controller = new AbortController();
    const server = deno.serve({
      hostname,
      port,
      onListen: () => {},
      onError: (error) => {
        report(logger, `Cannot answer a request: ${errorText(error)}`);
        return textResponse(500, "This could not be answered\n");
      },
      signal: controller.signal,
    }, (request) => {
      const response = Promise.resolve(handler(request)).finally(() => {
        inProgress.delete(response);
      });
      inProgress.add(response);
      return response;
    });
    return { server, controller, since: monotonicMs() };
  };
  let current = listen(port);
  const bound = current.server.addr.port;

  const listenAgain = async (): Promise<void> => {
    const cut = current.controller;
    if (monotonicMs() - current.since > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
    // Its connections hold what there is too little of, such as file descriptors.
    await settlesWithin(GRACE_MS, Promise.allSettled(inProgress), closing.signal);
    cut.abort();
    for (;;) {
      await pause(pauseMs, closing.signal);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      if (closing.signal.aborted) return;
      try {
        current = listen(bound);
        return;
      } catch (error) {
        tell(`Cannot listen again at ${hostname}:${bound}: ${errorText(error)}`);
      }
    }
  };
  const goOn = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        await current.server.finished;
        return;
      } catch (error) {
        if (closing.signal.aborted) return;
        tell(`Cannot accept connections, and listens again soon: ${errorText(error)}`);
        await listenAgain();
      }
    }
  };
  void goOn();

  let isShuttingDown = false;
  return {
    port: bound,
    close: async () => {
      await Promise.allSettled(inProgress);
      isShuttingDown = true;
      closing.abort();
      // One that has failed is down already.
      await current.server.shutdown().catch(() => {});
    },
    // Once Deno's own shutdown has begun, it cannot be cut short.
    abort: () => {
      closing.abort();
      if (!isShuttingDown) current.controller.abort();
    },
  };
}
