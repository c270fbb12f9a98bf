import { invalidArgument } from "../../../internal/arguments.ts";
import { observedRequest } from "./server_request.ts";

/**
 * Says which route a request has taken, where no adapter knows it: for Koa's router, Connect, or code
 * of your own. The last call before the response ends counts. It does nothing if the request is not
 * observed.
 *
 * @example
 * ```ts
 * import { setHttpRoute } from "@busbar/busbar/instrumentation/http";
 *
 * const handler = (request: Request) => {
 *   setHttpRoute(request, "/items/:id");
 *   return new Response("tea");
 * };
 * if (handler(new Request("http://localhost/items/7")).status !== 200) throw new Error("no tea");
 * ```
 *
 * @param request what the server handed over: a web `Request`, or one of `node:http`
 * @param route a template such as `"/items/:id"`, never a path
 * @throws {TypeError} if `route` is no text
 */
export function setHttpRoute(request: object, route: string): void {
  if (typeof route !== "string" || route === "") {
    invalidArgument(TypeError, "set an HTTP route", "route", "a template", route);
  }
  const observed = observedRequest(request);
  if (observed !== undefined) observed.route = route;
}

/**
 * Says what a request failed of, where a framework's own error handling hides it, as in an error
 * handler of Express. The span and the log record have it if the response is a 500 or above, or was
 * under way already (`node:http`) and is then broken off. It does nothing if the request is not observed.
 *
 * @example
 * ```ts
 * import { setHttpError } from "@busbar/busbar/instrumentation/http";
 *
 * const handler = (request: Request) => {
 *   try {
 *     throw new Error("no stock");
 *   } catch (error) {
 *     setHttpError(request, error);
 *     return new Response("sorry", { status: 500 });
 *   }
 * };
 * if (handler(new Request("http://localhost/")).status !== 500) throw new Error("no failure");
 * ```
 *
 * @param request what the server handed over: a web `Request`, or one of `node:http`
 */
export function setHttpError(request: object, error: unknown): void {
  observedRequest(request)?.setError(error);
}
