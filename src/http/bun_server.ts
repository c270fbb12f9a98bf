import { errorText, report } from "../internal/reporting.ts";
import type { ListeningServer, ListenOptions } from "./server.ts";
import { textResponse } from "./text_response.ts";

/** What is used of Bun. */
export interface BunRuntime {
  /** Starts a server at once. */
  serve(options: {
    hostname: string;
    port: number;
    development: boolean;
    reusePort: boolean;
    fetch: (request: Request) => Response | Promise<Response>;
    error: (error: unknown) => Response;
  }): { readonly port: number; stop(now?: boolean): Promise<void> };
}

/** Listens with `Bun.serve`. */
export function listenOnBun(
  bun: BunRuntime,
  { hostname, port, handler, logger }: ListenOptions,
): ListeningServer {
  const server = bun.serve({
    hostname,
    port,
    // Its pages for developers show the source.
    development: false,
    // Without them, it shares its port with whoever asks for it.
    reusePort: false,
    fetch: handler,
    error: (error) => {
      report(logger, `Cannot answer a request: ${errorText(error)}`);
      return textResponse(500, "This could not be answered\n");
    },
  });
  return {
    port: server.port,
    close: () => server.stop(),
    abort: () => server.stop(true),
  };
}
