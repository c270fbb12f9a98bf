import { AddressInUseError } from "@busbar/busbar/http";

/** A server that this machine alone can reach. */
export interface LocalServer extends AsyncDisposable {
  /** Where it is, without a slash at the end. */
  readonly url: string;
}

/**
 * Serves on 127.0.0.1 what the first of the handlers answers.
 *
 * @throws {AddressInUseError} if the port is taken
 */
export function serveLocally(
  port: number,
  handlers: readonly ((request: Request) => Promise<Response> | undefined)[],
): LocalServer {
  const hostname = "127.0.0.1";
  const answer = (request: Request) => {
    for (const handle of handlers) {
      const response = handle(request);
      if (response !== undefined) return response;
    }
    return new Response("Not found\n", { status: 404 });
  };
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({ hostname, port, onListen: () => {} }, answer);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new AddressInUseError(hostname, port, { cause: error });
  }
  return {
    url: `http://${hostname}:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
