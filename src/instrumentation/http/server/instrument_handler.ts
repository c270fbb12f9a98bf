import { assertFunction } from "../../../internal/arguments.ts";
import { ReportOnce } from "../../../internal/report_once.ts";
import { cut, errorText } from "../../../internal/reporting.ts";
import type { EventBus } from "../../../library/event_bus.ts";
import type { HttpServerEvents } from "./events.ts";
import { type HttpRouteOptions, resolveOptions } from "./options.ts";
import { observeResponse } from "./observe_response.ts";
import { type ServerRequest, ServerRequests } from "./server_request.ts";
import { isGone, partsOf } from "./web_request.ts";

/** The options of {@linkcode instrumentHandler}. */
export interface InstrumentHandlerOptions<
  Req extends Request = Request,
  Rest extends unknown[] = unknown[],
> extends HttpRouteOptions<Req> {
  /**
   * Called, with what the handler was called with, when the end of a request has been published: on
   * Workers `(_request, _env, ctx) => ctx.waitUntil(flush())`. Default: nothing.
   */
  readonly onEnd?: ((request: Req, ...rest: Rest) => void) | undefined;
}

const ACTION = "instrument an HTTP handler";

/** Made at the first need, for the console that there is then. */
let problems: ReportOnce | undefined;

/**
 * Returns a handler that publishes the start and the end of each request, and calls yours in the
 * request's session: what it publishes, and the requests that it sends by `instrumentFetch`, belong to
 * the request. `httpServerCatalog` makes metrics, spans and an access log of it.
 *
 * It is for whatever takes a web `Request` and gives a `Response`: `Deno.serve`, `Bun.serve`, Workers.
 *
 * - The trace of the caller (`traceparent`, `tracestate`) is continued; baggage is taken over by name.
 * - A request ends when its response has been sent to its end (`Deno.serve`), or else when its body has
 *   been read to its end, or nobody reads on. Plain texts, JSON, what has a `content-length` and, on Bun,
 *   what has no `content-type` end when the handler returns. An upgrade to a WebSocket ends with its 101.
 * - What the handler throws is thrown on, and counted as a response of status 500.
 * - On a disabled bus it calls the handler and nothing else.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext } from "@busbar/busbar/context";
 * import { type HttpServerEvents, instrumentHandler } from "@busbar/busbar/instrumentation/http";
 *
 * await using bus = new EventBus<HttpServerEvents>({ context: currentContext }).start();
 * const routes: (string | undefined)[] = [];
 * bus.subscribe("http.server.request.end", (event) => routes.push(event.metadata.route));
 *
 * const handler = instrumentHandler(bus, (_request: Request) => new Response("tea"), {
 *   route: ["/items", "/items/:id"],
 * });
 * await handler(new Request("http://localhost/items/7")).text(); // Deno.serve(handler)
 * await bus.flush();
 * if (routes[0] !== "/items/:id") throw new Error(routes[0]);
 * ```
 *
 * @param bus where the events go, such as that of `startObservability`
 * @throws {TypeError} if an argument is of the wrong type
 */
export function instrumentHandler<
  Result,
  Req extends Request = Request,
  Rest extends unknown[] = [],
>(
  bus: EventBus<HttpServerEvents>,
  handler: (request: Req, ...rest: Rest) => Result,
  options: InstrumentHandlerOptions<NoInfer<Req>, NoInfer<Rest>> = {},
): (request: Req, ...rest: Rest) => Result {
  const resolved = resolveOptions(ACTION, bus, options, ["route", "onEnd"]);
  assertFunction(ACTION, "handler", handler);
  const { onEnd } = options;
  if (onEnd !== undefined) assertFunction(ACTION, "onEnd", onEnd);
  const requests = new ServerRequests(bus, resolved);
  return function (this: unknown, request: Req, ...rest: Rest): Result {
    const observed = requests.enabled ? requests.begin(partsOf(request)) : undefined;
    if (observed === undefined) return handler.call(this, request, ...rest);
    const ended = onEnd && (() => callGuarded(() => onEnd(request, ...rest)));
    const settle = (response: unknown) =>
      observeResponse(observed, request.method, response, rest[0], ended);
    return observed.run(() => {
      let result: unknown;
      try {
        result = handler.call(this, request, ...rest);
      } catch (error) {
        throw failed(observed, request, error, ended);
      }
      return isThenable(result)
        ? result.then(settle, (error) => {
          throw failed(observed, request, error, ended);
        })
        : settle(result);
    }) as Result;
  };
}

/** Ends a request whose handler threw: all servers answer 500 then, if there is somebody left. */
function failed(
  observed: ServerRequest,
  request: Request,
  error: unknown,
  ended: (() => void) | undefined,
): unknown {
  if (isGone(request)) observed.end({ status: undefined, aborted: true });
  else observed.fail(error, 500);
  ended?.();
  return error;
}

function callGuarded(onEnd: () => void): void {
  try {
    onEnd();
  } catch (error) {
    problems ??= new ReportOnce(console);
    problems.report(`the option onEnd of an HTTP handler threw: ${cut(errorText(error))}`);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
