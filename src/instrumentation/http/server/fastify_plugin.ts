import type { EventBus } from "../../../library/event_bus.ts";
import type { HttpServerEvents } from "./events.ts";
import type { HttpIncoming, HttpOutgoing } from "./node_message.ts";
import { beginNodeRequest } from "./node_request.ts";
import { type HttpServerOptions, resolveOptions } from "./options.ts";
import { observedRequest, ServerRequests } from "./server_request.ts";

/** What is used of a request of Fastify. */
interface FastifyRequest {
  readonly raw: HttpIncoming;
  readonly is404: boolean;
  readonly routeOptions: { readonly url?: string | undefined };
}

/** What is used of an app of Fastify. */
interface FastifyApp {
  /** Has a function called for each request. */
  // deno-lint-ignore no-explicit-any -- each hook has other parameters
  addHook(name: any, hook: (...parameters: any[]) => void): unknown;
}

/**
 * Returns a plugin for Fastify 5, for all of the app's routes: register it before other plugins, so
 * that what their hooks do belongs to the request. `httpServerCatalog` makes metrics, spans and an
 * access log of it.
 *
 * - Routes are those of Fastify (`/items/:id`), with the prefixes of their plugins.
 * - What a handler throws is the error of a response whose status is 500 or above.
 * - A request ends when its response has been sent, or else as aborted when its connection is closed
 *   before.
 * - On a disabled bus it adds no hooks.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { currentContext } from "@busbar/busbar/context";
 * import { fastifyPlugin, type HttpServerEvents } from "@busbar/busbar/instrumentation/http";
 *
 * await using bus = new EventBus<HttpServerEvents>({ context: currentContext }).start();
 * const plugin = fastifyPlugin(bus); // await app.register(plugin)
 * if (plugin.length !== 3) throw new Error("no plugin");
 * ```
 *
 * @param bus where the events go, such as that of `startObservability`
 * @throws {TypeError} if an argument is of the wrong type
 */
export function fastifyPlugin(
  bus: EventBus<HttpServerEvents>,
  options: HttpServerOptions = {},
  // deno-lint-ignore no-explicit-any -- Fastify's own types, which the package does not ask for
): (app: any, options: unknown, done: () => void) => void {
  const resolved = resolveOptions("create fastifyPlugin", bus, options, []);
  const requests = new ServerRequests(bus, resolved);
  const plugin = (app: FastifyApp, _options: unknown, done: () => void) => {
    if (requests.enabled) addHooks(app, requests);
    done();
  };
  return Object.assign(plugin, {
    // It is for the app that it is registered with, and not for a context of its own.
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "busbar",
    [Symbol.for("plugin-meta")]: { name: "busbar", fastify: "5.x" },
  });
}

function addHooks(app: FastifyApp, requests: ServerRequests): void {
  app.addHook(
    "onRequest",
    (request: FastifyRequest, reply: { readonly raw: HttpOutgoing }, next: () => void) => {
      const routeOf = () => request.is404 ? undefined : request.routeOptions.url;
      const observed = beginNodeRequest(requests, request.raw, reply.raw, routeOf);
      if (observed === undefined) next();
      else observed.run(next);
    },
  );
  // A body has been read by listeners, which Node calls outside of the request's context.
  app.addHook("preValidation", ({ raw }: FastifyRequest, _reply: unknown, next: () => void) => {
    const observed = observedRequest(raw);
    if (observed === undefined) next();
    else observed.run(next);
  });
  app.addHook(
    "onError",
    ({ raw }: FastifyRequest, _reply: unknown, error: unknown, next: () => void) => {
      const observed = observedRequest(raw);
      if (observed !== undefined) observed.error = error;
      next();
    },
  );
}
