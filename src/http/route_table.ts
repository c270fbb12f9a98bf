import { assertFunction, format, invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import type { Route } from "./route.ts";

/** What there is for a path. */
export interface FoundRoute {
  /** The route that answers the method; `undefined` if none does. */
  readonly route: Route | undefined;
  /** The methods that the path has routes for. */
  readonly methods: readonly string[];
}

const ACTION = "create a handler";
const ROUTE_FIELDS: Readonly<Record<keyof Route, true>> = {
  path: true,
  methods: true,
  isPublic: true,
  handle: true,
};

/** The segments that may stand before a route's path: a bound on the work for a hostile one. */
const MAX_PREFIX_SEGMENTS = 32;

/** Finds the route of a request. */
export class RouteTable {
  readonly #exact = new Map<string, Map<string, Route>>();
  /** By what a path must begin with, the longest first. */
  readonly #prefixes: [prefix: string, byMethod: Map<string, Route>][];
  readonly #anyPrefix: boolean;

  /**
   * @param anyPrefix whether {@linkcode find} looks below any path
   * @throws {TypeError} if a route is not one, or two of them answer the same path and method
   */
  constructor(routes: readonly Route[], anyPrefix: boolean) {
    if (typeof anyPrefix !== "boolean") {
      invalidArgument(TypeError, ACTION, "anyPrefix", "true or false", anyPrefix);
    }
    this.#anyPrefix = anyPrefix;
    if (!Array.isArray(routes)) {
      invalidArgument(TypeError, ACTION, "routes", "a list of routes", routes);
    }
    const prefixes = new Map<string, Map<string, Route>>();
    for (const route of routes) {
      assertRoute(route);
      const { path } = route;
      const [table, key] = path.endsWith("/*")
        ? [prefixes, path.slice(0, -1)]
        : [this.#exact, path];
      let byMethod = table.get(key);
      if (byMethod === undefined) table.set(key, byMethod = new Map());
      for (const method of methodsOf(route)) {
        if (byMethod.has(method)) {
          throw new TypeError(`Cannot ${ACTION}: there are two routes for ${method} ${path}`);
        }
        byMethod.set(method, route);
      }
    }
    this.#prefixes = [...prefixes].sort(([a], [b]) => b.length - a.length);
  }

  /** The paths that there are routes for. */
  get paths(): string[] {
    return [...this.#exact.keys(), ...this.#prefixes.map(([prefix]) => `${prefix}*`)];
  }

  /** What there is for a path; `undefined` if there is nothing. */
  find(pathname: string, method: string): FoundRoute | undefined {
    let at = 0;
    for (let segments = 0; segments <= MAX_PREFIX_SEGMENTS; segments++) {
      const found = this.findExactly(pathname.slice(at), method);
      if (found !== undefined || !this.#anyPrefix) return found;
      at = pathname.indexOf("/", at + 1);
      // A slash at the end is no path of its own.
      if (at === -1 || at === pathname.length - 1) break;
    }
    return undefined;
  }

  /** The same, for a path that nothing stands before. */
  findExactly(pathname: string, method: string): FoundRoute | undefined {
    const byMethod = this.#exact.get(pathname) ??
      this.#prefixes.find(([prefix]) => pathname.startsWith(prefix))?.[1] ??
      (/[^/]\/$/.test(pathname) ? this.#exact.get(pathname.slice(0, -1)) : undefined);
    return byMethod && { route: byMethod.get(method), methods: [...byMethod.keys()] };
  }
}

/** A route's methods, `HEAD` among them where `GET` is. */
function methodsOf({ methods = ["GET"] }: Route): Set<string> {
  return new Set(methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]));
}

function assertRoute(route: Route): void {
  if (typeof route !== "object" || route === null) {
    invalidArgument(TypeError, ACTION, "a route", "an object", route);
  }
  assertKnownNames(ACTION, "field of a route", route, Object.keys(ROUTE_FIELDS));
  const { path, methods = ["GET"], handle } = route;
  if (typeof path !== "string" || !path.startsWith("/")) {
    invalidArgument(TypeError, ACTION, "a route's path", `a text that begins with "/"`, path);
  }
  if (!Array.isArray(methods) || methods.length === 0 || !methods.every(isMethod)) {
    const argument = `methods of the route ${format(path)}`;
    invalidArgument(TypeError, ACTION, argument, "a list of methods in upper case", methods);
  }
  assertFunction(ACTION, `handle of the route ${format(path)}`, handle);
}

function isMethod(method: unknown): boolean {
  return typeof method === "string" && /^[A-Z][A-Z-]*$/.test(method);
}
