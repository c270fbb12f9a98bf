import { assertKnownNames } from "../internal/option_names.ts";
import { Access } from "./access.ts";
import type { HandlerOptions } from "./handler_options.ts";
import { registerHandler } from "./handler_parts.ts";
import { addressOf, isPath } from "./request_address.ts";
import { RouteFailures } from "./route_failures.ts";
import { RouteTable } from "./route_table.ts";
import { textResponse } from "./text_response.ts";
import { Unavailable } from "./unavailable.ts";

const ACTION = "create a handler";
const OPTIONS: Readonly<Record<keyof HandlerOptions, true>> = {
  routes: true,
  anyPrefix: true,
  allowedHosts: true,
  token: true,
  logger: true,
};

/**
 * Creates a handler made of routes, for any server that uses `Request` and `Response`; for
 * `node:http` and Express see `toNodeHandler`.
 *
 * - Paths without a route get 404; methods that a path has no route for get 405, with `Allow`. A
 *   slash at the end changes nothing: `/metrics/` is `/metrics`.
 * - Requests with a malformed address or `Host` get 400.
 * - A route that fails is answered with 500. The reason is logged, less and less often while it goes
 *   on, and not sent to the client.
 * - Responses get `cache-control: no-store` and `x-content-type-options: nosniff`, unless a route
 *   sets these headers itself.
 *
 * It never rejects.
 *
 * @example
 * ```ts
 * import { createHandler, healthRoutes, metricsRoute } from "@busbar/busbar/http";
 *
 * const handler = createHandler({
 *   routes: [
 *     metricsRoute({ scrape: () => Promise.resolve("up 1\n") }),
 *     ...healthRoutes(),
 *     { path: "/version", handle: () => new Response("1.2.3\n") },
 *   ],
 * });
 * const response = await handler(new Request("http://localhost/version"));
 * if (await response.text() !== "1.2.3\n") throw new Error("unexpected");
 * ```
 *
 * @throws {TypeError} if an option or a route is not valid, or two routes answer the same path and
 * method
 */
export function createHandler(options: HandlerOptions): (request: Request) => Promise<Response> {
  assertKnownNames(ACTION, "option", options, Object.keys(OPTIONS));
  const { routes, anyPrefix = false, logger = console } = options;
  const table = new RouteTable(routes, anyPrefix);
  const access = new Access(options);
  const failures = new RouteFailures(logger);
  const notFound = `Not found. There is ${table.paths.join(", ")}\n`;

  const handler = async (request: Request): Promise<Response> => {
    const address = addressOf(request);
    if (address === undefined) return complete(request, textResponse(400, "Bad request\n"));
    const found = table.find(address.url.pathname, request.method);
    const isPublic = found?.route?.isPublic === true;
    const refusal = isPublic ? undefined : access.refusalOf(request, address);
    if (refusal !== undefined) {
      return complete(request, textResponse(refusal.status, refusal.text, refusal.headers));
    }
    if (found === undefined) return complete(request, textResponse(404, notFound));
    const { route, methods } = found;
    if (route === undefined) {
      const allow = methods.join(", ");
      return complete(request, textResponse(405, "Method not allowed\n", { allow }));
    }
    try {
      const readable = isPath(request.url) ? new Request(address.url, request) : request;
      return complete(request, await route.handle(readable));
    } catch (error) {
      if (error instanceof Unavailable) {
        return complete(request, textResponse(503, "This is not available any more\n"));
      }
      // Whoever has gone away caused it, and reads no response.
      if (!request.signal.aborted) failures.report(route, error);
      return complete(request, textResponse(500, "This could not be answered\n"));
    }
  };
  registerHandler(handler, { table, logger });
  return handler;
}

const DEFAULT_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};
/** The status of a response that a runtime makes to turn the connection into a WebSocket. */
const SWITCHING_PROTOCOLS = 101;

/** Adds the headers that all responses have, and takes the body away where none is wanted. */
function complete({ method }: Request, response: Response): Response {
  if (response.status === SWITCHING_PROTOCOLS) return response;
  if (method === "HEAD") {
    const { status, statusText, headers } = response;
    response.body?.cancel().catch(() => {});
    return withDefaultHeaders(new Response(null, { status, statusText, headers }));
  }
  try {
    return withDefaultHeaders(response);
  } catch {
    // The headers of some responses, such as those of `fetch`, cannot be changed.
    return withDefaultHeaders(new Response(response.body, response));
  }
}

function withDefaultHeaders(response: Response): Response {
  const { headers } = response;
  for (const [name, value] of Object.entries(DEFAULT_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return response;
}
