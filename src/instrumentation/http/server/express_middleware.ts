import type { EventBus } from "../../../library/event_bus.ts";
import type { HttpServerEvents } from "./events.ts";
import { expressRoute } from "./express_route.ts";
import type { HttpIncoming, HttpOutgoing } from "./node_message.ts";
import { beginNodeRequest } from "./node_request.ts";
import { type HttpServerOptions, resolveOptions } from "./options.ts";
import { ServerRequests } from "./server_request.ts";

/**
 * Returns a middleware for Express 5: use it before all others, so that what they do belongs to the
 * request. `httpServerCatalog` makes metrics, spans and an access log of it.
 *
 * - Routes are those of Express (`/items/:id`), with what their routers are mounted at.
 * - A request ends when its response has been sent, or else as aborted when its connection is closed
 *   before. What a handler threw, `setHttpError` says in an error handler of yours; without it the
 *   status alone says that the server failed.
 * - On a disabled bus it calls `next` and nothing else.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext } from "@busbar/busbar/context";
 * import { expressMiddleware, type HttpServerEvents } from "@busbar/busbar/instrumentation/http";
 *
 * await using bus = new EventBus<HttpServerEvents>({ context: currentContext }).start();
 * const middleware = expressMiddleware(bus); // app.use(middleware)
 * if (middleware.length !== 3) throw new Error("no middleware");
 * ```
 *
 * @param bus where the events go, such as that of `startObservability`
 * @throws {TypeError} if an argument is of the wrong type
 */
export function expressMiddleware(
  bus: EventBus<HttpServerEvents>,
  options: HttpServerOptions = {},
  // deno-lint-ignore no-explicit-any -- Node's own types, which the package does not ask for
): (request: any, response: any, next: (error?: unknown) => void) => void {
  const resolved = resolveOptions("create expressMiddleware", bus, options, []);
  const requests = new ServerRequests(bus, resolved);
  return (request: HttpIncoming, response: HttpOutgoing, next) => {
    const observed = requests.enabled
      ? beginNodeRequest(requests, request, response, expressRoute(request))
      : undefined;
    if (observed === undefined) next();
    else observed.run(next);
  };
}
