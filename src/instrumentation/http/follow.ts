/** As many as the standard allows. */
const MAX_REDIRECTS = 20;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What describes a body, and goes with it. */
const BODY_HEADERS = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-type",
];
/** What is meant for one origin alone. */
const ORIGIN_HEADERS = ["authorization", "cookie", "host", "proxy-authorization"];

/** One request of those that redirects lead to. */
export interface Hop {
  readonly url: URL;
  readonly init: RequestInit;
}

/**
 * Sends a request, and follows its redirects as `fetch` does, with headers of each hop's own: `fetch`
 * itself would take them to wherever an answer points.
 *
 * @param send sends one request; it does not follow
 * @param prepare gives a hop the headers that are meant for it, on a copy
 */
export async function follow(
  send: (hop: Hop) => Promise<Response>,
  first: Hop,
  prepare: (url: URL, headers: Headers) => void,
): Promise<Response> {
  let { url, init } = first;
  for (let redirects = 0;; redirects++) {
    const headers = new Headers(init.headers);
    prepare(url, headers);
    const response = await send({ url, init: { ...init, headers, redirect: "manual" } });
    const location = REDIRECTS.includes(response.status) ? response.headers.get("location") : null;
    if (location === null) {
      if (redirects > 0) Object.defineProperty(response, "redirected", { value: true });
      return response;
    }
    // Its connection is free for the next one.
    await response.body?.cancel();
    if (redirects === MAX_REDIRECTS) throw new TypeError(`Cannot fetch ${url}: too many redirects`);
    const target = targetOf(location, url);
    init = nextInit(response.status, init, target.origin === url.origin);
    url = target;
  }
}

function targetOf(location: string, from: URL): URL {
  const target = URL.parse(location, from);
  if (target === null || !/^https?:$/.test(target.protocol)) {
    throw new TypeError(`Cannot fetch ${from}: it redirects to what is no HTTP URL`);
  }
  // `fetch` may go on to them within an origin, but takes no such URL from its callers.
  if (target.origin === from.origin) target.username = target.password = "";
  return target;
}

/** What the standard keeps of a request. */
function nextInit(status: number, init: RequestInit, isSameOrigin: boolean): RequestInit {
  const { body, ...others } = init;
  const method = (init.method ?? "GET").toUpperCase();
  const becomesGet = status === 303
    ? method !== "GET" && method !== "HEAD"
    : (status === 301 || status === 302) && method === "POST";
  const headers = new Headers(init.headers);
  if (becomesGet) { for (const name of BODY_HEADERS) headers.delete(name); }
  if (!isSameOrigin) { for (const name of ORIGIN_HEADERS) headers.delete(name); }
  if (becomesGet) return { ...others, method: "GET", headers };
  return body === undefined || body === null
    ? { ...others, headers }
    : { ...others, body, headers };
}
