import type { HttpIncoming, HttpOutgoing } from "./node_message.ts";
import { followNodeResponse } from "./node_response.ts";
import {
  observedRequest,
  type RequestParts,
  type ServerRequest,
  type ServerRequests,
} from "./server_request.ts";
import { followUpgrade, isSocket } from "./upgrade.ts";
import { withoutQuery } from "./web_request.ts";

/**
 * Begins a request of `node:http`, and ends it when its response has been sent or its connection is
 * closed.
 *
 * @param routeOf what the framework has found by then
 * @returns `undefined` if nothing is published of it
 */
export function beginNodeRequest(
  requests: ServerRequests,
  request: HttpIncoming,
  response: HttpOutgoing,
  routeOf: () => string | undefined = () => undefined,
): ServerRequest | undefined {
  if (!requests.enabled) return undefined;
  const observed = requests.begin(partsOf(request));
  if (isSocket(response)) {
    if (observed !== undefined) followUpgrade(observed, response);
    return observed;
  }
  // One that is observed around this adapter hears from it what the route is.
  const known = observed ?? observedRequest(request);
  if (known === undefined) return undefined;
  const findRoute = () => {
    known.route ??= routeOf();
  };
  if (observed === undefined) {
    response.on("finish", findRoute);
    return undefined;
  }
  followNodeResponse(observed, request, response, findRoute);
  return observed;
}

function partsOf(request: HttpIncoming): RequestParts {
  const { method = "GET", headers } = request;
  return {
    request,
    method,
    scheme: (request.socket as { encrypted?: unknown } | null | undefined)?.encrypted
      ? "https"
      : "http",
    path: pathOf(request.originalUrl ?? request.url ?? "/"),
    protocolVersion: request.httpVersion === "2.0" ? "2" : request.httpVersion,
    header(name) {
      const value = headers[name];
      return typeof value === "string" ? value : value?.join(",");
    },
  };
}

/** The path of what a request line asks for: a proxy is asked for whole URLs. */
function pathOf(target: string): string {
  if (target.startsWith("/") || !target.includes("://")) return withoutQuery(target);
  const path = target.slice(target.indexOf("://") + "://".length);
  const start = path.indexOf("/");
  return start === -1 ? "/" : withoutQuery(path.slice(start));
}
