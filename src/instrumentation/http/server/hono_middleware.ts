import type { EventBus } from "../../../library/event_bus.ts";
import type { HttpServerEvents } from "./events.ts";
import type { HttpIncoming, HttpOutgoing } from "./node_message.ts";
import { followNodeResponse } from "./node_response.ts";
import { followFailure, observeResponse } from "./observe_response.ts";
import { type HttpServerOptions, resolveOptions } from "./options.ts";
import { observedRequest, type ServerRequest, ServerRequests } from "./server_request.ts";
import { isGone, partsOf } from "./web_request.ts";

/** What is used of a context of Hono. */
interface HonoContext {
  readonly req: {
    readonly raw: Request;
    readonly routeIndex: number;
    readonly matchedRoutes: readonly { readonly method: string; readonly path: string }[];
  };
  res: Response;
  /** Whether there is a response. */
  readonly finalized: boolean;
  readonly error: Error | undefined;
  readonly env: unknown;
}

/**
 * Returns a middleware for Hono, on whatever runtime: use it before all others, so that what they do
 * belongs to the request. `httpServerCatalog` makes metrics, spans and an access log of it.
 *
 * - Routes are those of Hono (`/items/:id`), with the paths of the apps that they are in.
 * - What a handler throws is the error of a response whose status is 500 or above.
 * - Responses end as those of `instrumentHandler` do; under `@hono/node-server` when they have been sent.
 * - On a disabled bus it calls `next` and nothing else.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext } from "@busbar/busbar/context";
 * import { honoMiddleware, type HttpServerEvents } from "@busbar/busbar/instrumentation/http";
 *
 * await using bus = new EventBus<HttpServerEvents>({ context: currentContext }).start();
 * const middleware = honoMiddleware(bus); // app.use(middleware)
 * if (middleware.length !== 2) throw new Error("no middleware");
 * ```
 *
 * @param bus where the events go, such as that of `startObservability`
 * @throws {TypeError} if an argument is of the wrong type
 */
export function honoMiddleware(
  bus: EventBus<HttpServerEvents>,
  options: HttpServerOptions = {},
  // deno-lint-ignore no-explicit-any -- any context of Hono, whatever its app has added to it
): (context: any, next: () => Promise<void>) => Promise<void> {
  const requests = new ServerRequests(
    bus,
    resolveOptions("create honoMiddleware", bus, options, []),
  );
  return (context: HonoContext, next) => {
    if (!requests.enabled) return next();
    const { raw } = context.req;
    const observed = requests.begin(partsOf(raw));
    if (observed !== undefined) return observed.run(() => observe(observed, context, next));
    const around = observedRequest(raw);
    return around === undefined ? next() : next().then(() => tell(around, context));
  };
}

async function observe(
  observed: ServerRequest,
  context: HonoContext,
  next: () => Promise<void>,
): Promise<void> {
  const { req, env } = context;
  const { incoming, outgoing } = nodeOf(env);
  // The client may go away before there is an answer.
  if (outgoing) followNodeResponse(observed, incoming, outgoing, () => tell(observed, context));
  try {
    await next();
  } catch (error) {
    tell(observed, context);
    observed.fail(error, 500);
    throw error;
  }
  tell(observed, context);
  const { res, error } = context;
  if (outgoing === undefined && error !== undefined && isGone(req.raw)) {
    observed.end({ status: undefined, aborted: true });
  }
  const followed = outgoing === undefined
    ? observeResponse(observed, req.raw.method, res, env, undefined) as Response
    : followFailure(observed, req.raw.method, res);
  if (followed === res) return;
  // Hono would put the headers of the one over those of the other.
  (context as { res: Response | undefined }).res = undefined;
  context.res = followed;
}

/** Tells what Hono has found. */
function tell(observed: ServerRequest, context: HonoContext): void {
  const { req, finalized, error } = context;
  observed.error ??= error;
  const { method, path } = req.matchedRoutes[req.routeIndex] ?? {};
  const isNotFound = finalized && context.res.status === 404;
  // A middleware for all paths is no route, and where nothing was found no other one is.
  const isRoute = path !== undefined && path !== "*" &&
    !(method === "ALL" && (path === "/*" || path.endsWith("*") && isNotFound));
  if (isRoute) observed.route ??= path;
}

/** What `@hono/node-server` reads from and writes to. */
function nodeOf(env: unknown): { incoming?: HttpIncoming; outgoing?: HttpOutgoing } {
  const { incoming, outgoing } = (env ?? {}) as ReturnType<typeof nodeOf>;
  return typeof outgoing?.on === "function"
    ? { outgoing, ...typeof incoming?.headers === "object" ? { incoming } : {} }
    : {};
}
