import { assertFunction } from "../../../internal/arguments.ts";
import type { EventBus } from "../../../library/event_bus.ts";
import type { HttpServerEvents } from "./events.ts";
import type { HttpIncoming, HttpOutgoing } from "./node_message.ts";
import { beginNodeRequest } from "./node_request.ts";
import { type HttpRouteOptions, resolveOptions } from "./options.ts";
import { ServerRequests } from "./server_request.ts";

const ACTION = "instrument an HTTP listener";

/**
 * Returns a listener for the requests of `node:http`, `node:https` and `node:http2`'s compatible API
 * that publishes the start and the end of each, and calls yours in the request's session. It serves
 * what is made of such listeners, as Koa (`app.callback()`) and Connect. `httpServerCatalog` makes
 * metrics, spans and an access log of it.
 *
 * - A request ends when its response has been sent (`finish`), or else as aborted when its connection
 *   is closed before.
 * - What an `async` listener throws is Node's to handle, as ever: it ends the process.
 * - Node hands upgrades, as to WebSockets, to listeners of their own, which are instrumented as well:
 *   `server.on("upgrade", instrumentListener(bus, (request, socket, head) => …))`. Such a request ends
 *   with the status that is written to its connection.
 * - On a disabled bus it calls the listener and nothing else.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext } from "@busbar/busbar/context";
 * import { type HttpServerEvents, instrumentListener } from "@busbar/busbar/instrumentation/http";
 * import { createServer } from "node:http";
 *
 * await using bus = new EventBus<HttpServerEvents>({ context: currentContext }).start();
 * const server = createServer(
 *   instrumentListener(bus, (_request, response) => response.end("tea"), { route: ["/items/:id"] }),
 * );
 * if (server.listening) throw new Error("it listens already");
 * ```
 *
 * @param bus where the events go, such as that of `startObservability`
 * @throws {TypeError} if an argument is of the wrong type
 */
export function instrumentListener<
  // deno-lint-ignore no-explicit-any -- Node's own types, which the package does not ask for
  Listener extends (request: any, response: any, ...rest: any[]) => unknown,
>(
  bus: EventBus<HttpServerEvents>,
  listener: Listener,
  options: HttpRouteOptions<Parameters<NoInfer<Listener>>[0]> = {},
): Listener {
  const requests = new ServerRequests(bus, resolveOptions(ACTION, bus, options, ["route"]));
  assertFunction(ACTION, "listener", listener);
  return function (
    this: unknown,
    request: HttpIncoming,
    response: HttpOutgoing,
    ...rest: unknown[]
  ): unknown {
    const observed = beginNodeRequest(requests, request, response);
    if (observed === undefined) return listener.call(this, request, response, ...rest);
    return observed.run(() => {
      try {
        return listener.call(this, request, response, ...rest);
      } catch (error) {
        observed.fail(error, undefined);
        throw error;
      }
    });
  } as Listener;
}
