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
  readonly params: ExpressRequest["params"];
  readonly parent: Mount | undefined;
}

/** Where a request keeps what it is in, what it has taken, and the template of that. */
const MOUNT = Symbol("mount");
const ROUTE = Symbol("route");
const TEMPLATE = Symbol("template");
const ROOT: Mount = Object.freeze({
  baseUrl: "",
  template: "",
  params: undefined,
  parent: undefined,
});

/** The most templates of mounts that are taken as they stand in paths. */
const MAX_TAKEN = 100;
const taken = new Set<string>();

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
  const { params } = request;
  const template = parent.template + mountTemplate(request, added, parent);
  return { baseUrl, template, params, parent };
}

function isWithin(baseUrl: string, parent: string): boolean {
  return baseUrl === parent || baseUrl.startsWith(`${parent}/`);
}

/** The template of a mount: what Express has matched, if it says so, else what it must have been. */
function mountTemplate(request: Followed, path: string, parent: Mount): string {
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    if (symbol.description !== "router.tracing.matchedRoute") continue;
    const matched = request[symbol];
    if (matched !== undefined && matched !== null) return templateOf(matched).replace(/\/$/, "");
  }
  return guessTemplate(path, request.params ?? {}, parent);
}

/**
 * What a mount's template must have been, of what its path held. Its parameters are whole segments, as
 * a rule: then the others stand in the template too. Where one is not, it may be a part of any.
 */
function guessTemplate(
  path: string,
  params: Readonly<Record<string, unknown>>,
  parent: Mount,
): string {
  const names = new Map<string, string[]>();
  let isWhole = true;
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || parent.params?.[name] === value) continue;
    if (typeof value !== "string") isWhole = false; // the segments of a wildcard
    else if (names.has(value)) names.get(value)!.push(name);
    else names.set(value, [name]);
  }
  const segments = path.split("/").map((segment) => {
    const name = names.get(decode(segment))?.shift();
    // Express does not tell cases apart, and clients may write them as they like.
    return { text: name === undefined ? segment.toLowerCase() : `:${name}`, name };
  });
  isWhole &&= [...names.values()].every((left) => left.length === 0);
  const template = segments.map(({ text }) => text).join("/");
  const key = parent.template + template;
  // That of a regular expression cannot be told from a path.
  if (isWhole && (taken.has(key) || taken.size < MAX_TAKEN)) {
    taken.add(key);
    return template;
  }
  return segments.map(({ text, name }) => name === undefined && text !== "" ? "*" : text).join("/")
    .replace(/\*(?:\/\*)+/g, "*");
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
