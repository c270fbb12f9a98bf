import { assertBaggageNames } from "../../../context/baggage.ts";
import { assertMethod, invalidArgument } from "../../../internal/arguments.ts";
import { assertKnownNames } from "../../../internal/option_names.ts";
import { PathTemplates } from "./path_templates.ts";

/** What is left out by default: what scrapers and probes ask for. */
export const DEFAULT_IGNORED_PATHS: readonly string[] = Object.freeze([
  "/metrics",
  "/healthz",
  "/livez",
  "/readyz",
]);

/** The options that all adapters of servers have. */
export interface HttpServerOptions {
  /**
   * Paths of which nothing is published: `"/healthz"`, `"/internal/*"`. Default:
   * {@linkcode DEFAULT_IGNORED_PATHS}.
   */
  readonly ignore?: readonly string[] | undefined;
  /**
   * The names of the baggage that is taken over from requests, which anybody may send. Default: none.
   */
  readonly baggage?: readonly string[] | undefined;
}

/** Where no framework knows the routes. */
export interface HttpRouteOptions<Request> extends HttpServerOptions {
  /**
   * The routes, as templates and never as paths: all of them (`["/items", "/items/:id", "/files/*"]`),
   * the only one, or what tells it of a request when its response has ended, `undefined` if there is
   * none. Default: none, but for what `setHttpRoute` says.
   */
  readonly route?:
    | string
    | readonly string[]
    | ((request: Request) => string | undefined)
    | undefined;
}

/** The options, checked. */
export interface ResolvedOptions {
  readonly isIgnored: (path: string) => boolean;
  readonly baggage: readonly string[];
  /** What tells the route of a path. */
  readonly routeOfPath: ((path: string) => string | undefined) | undefined;
  /** What tells the route of a request that has ended. */
  readonly routeOf: ((request: unknown) => unknown) | undefined;
}

/**
 * Checks what an adapter is given.
 *
 * @param known the names of the options that it has
 * @throws {TypeError} if something is wrong with it
 */
export function resolveOptions(
  action: string,
  bus: unknown,
  options: HttpServerOptions & { readonly route?: unknown },
  known: readonly string[],
): ResolvedOptions {
  assertMethod(action, "bus", bus, "publish");
  if (typeof options !== "object" || options === null) {
    invalidArgument(TypeError, action, "options", "an object", options);
  }
  assertKnownNames(action, "option", options, ["ignore", "baggage", ...known]);
  const { ignore = DEFAULT_IGNORED_PATHS, baggage = [], route } = options;
  assertBaggageNames(action, "baggage", baggage);
  const ignored = new PathTemplates(action, "ignore", ignore);
  // A single one is the only one.
  const routes = route === undefined || typeof route === "function"
    ? undefined
    : new PathTemplates(action, "route", typeof route === "string" ? [route] : route);
  return {
    isIgnored: (path) => ignored.match(path) !== undefined,
    baggage: [...baggage],
    routeOfPath: typeof route === "string" ? () => route : routes && ((path) => routes.match(path)),
    routeOf: typeof route === "function" ? route as (request: unknown) => unknown : undefined,
  };
}
