/** What is read of a request of Express. */
interface ExpressRequest {
  /** What the router that it is in is mounted at, as it stands in the path. */
  baseUrl?: string | undefined;
  /** What the path held where the router has parameters. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly app?: { readonly request?: object };
}

/** A router that the request has gone into. */
interface Mount {
  /** Where it is, as it stands in the path. */
  readonly baseUrl: string;
  readonly template: string;
  readonly parent: Mount | undefined;
}

/** Where a request keeps what it is in, what it has taken, and the template of that. */
const MOUNT = Symbol("mount");
const ROUTE = Symbol("route");
const TEMPLATE = Symbol("template");
const ROOT: Mount = Object.freeze({ baseUrl: "", template: "", parent: undefined });

type Followed = ExpressRequest & {
  [MOUNT]?: Mount | undefined;
  [ROUTE]?: unknown;
  [TEMPLATE]?: string | undefined;
  [name: symbol]: unknown;
};

/**
 * Follows a request through the routers of its app. Express keeps the paths that they are mounted at
 * as they were asked for, and no templates; and it forgets them when an error leaves a router.
 *
 * @returns what tells its route, once it has one
 */
export function expressRoute(given: object): () => string | undefined {
  const request = given as Followed;
  const { baseUrl } = request;
  follow(request);
  if (Object.hasOwn(request, "baseUrl")) {
    // The first request of an app began before they were followed.
    delete request.baseUrl;
    request.baseUrl = baseUrl;
  }
  return () => request[TEMPLATE];
}

/** Has the requests of an app tell where they go: they inherit from an object of the app's. */
function follow({ app }: ExpressRequest): void {
  const prototype = app?.request;
  if (prototype === undefined || "baseUrl" in prototype) return;
  Object.defineProperties(prototype, {
    baseUrl: {
      configurable: true,
      get(this: Followed) {
        return this[MOUNT]?.baseUrl;
      },
      set(this: Followed, baseUrl: string | undefined) {
        this[MOUNT] = baseUrl === undefined ? undefined : mountOf(this, baseUrl);
      },
    },
    route: {
      configurable: true,
      get(this: Followed) {
        return this[ROUTE];
      },
      set(this: Followed, route: { readonly path?: unknown } | undefined) {
        this[ROUTE] = route;
        this[TEMPLATE] = templateOfRoute(this[MOUNT] ?? ROOT, route?.path);
      },
    },
  });
}

function templateOfRoute({ template }: Mount, path: unknown): string | undefined {
  if (path === undefined) return undefined;
  return template + (path === "/" && template !== "" ? "" : templateOf(path));
}

function mountOf(request: Followed, baseUrl: string): Mount {
  let current = request[MOUNT];
  // It leaves routers, and goes into another one.
  while (current !== undefined && !isWithin(baseUrl, current.baseUrl)) current = current.parent;
  const parent = current ?? ROOT;
  if (parent.baseUrl === baseUrl) return parent;
  const added = baseUrl.slice(parent.baseUrl.length);
  return { baseUrl, template: parent.template + mountTemplate(request, added), parent };
}

function isWithin(baseUrl: string, parent: string): boolean {
  return baseUrl === parent || baseUrl.startsWith(`${parent}/`);
}

/** The template of a mount: what Express has matched, if it says so, else the path without values. */
function mountTemplate(request: Followed, path: string): string {
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    if (symbol.description !== "router.tracing.matchedRoute") continue;
    const matched = request[symbol];
    if (matched !== undefined && matched !== null) return templateOf(matched).replace(/\/$/, "");
  }
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(request.params ?? {})) {
    if (typeof value === "string") names.set(value, name);
  }
  return path.split("/").map((segment) => {
    const name = names.get(decode(segment));
    // Express does not tell cases apart, and clients may write them as they like.
    return name === undefined ? segment.toLowerCase() : `:${name}`;
  }).join("/");
}

function templateOf(path: unknown): string {
  return Array.isArray(path) ? path.map(String).join("|") : String(path);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
