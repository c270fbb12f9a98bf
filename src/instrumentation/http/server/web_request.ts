import type { RequestParts } from "./server_request.ts";

/** What is read of a web `Request`. A `URL` would cost more than all the rest. */
export function partsOf(request: Request): RequestParts {
  const { method, url, headers } = request;
  const schemeEnd = url.indexOf(":");
  const pathStart = url.indexOf("/", schemeEnd + "://".length);
  return {
    request,
    method,
    scheme: url.slice(0, schemeEnd),
    path: pathStart === -1 ? "/" : withoutQuery(url.slice(pathStart)),
    protocolVersion: undefined,
    header: (name) => headers.get(name),
  };
}

/** A path without its query. */
export function withoutQuery(path: string): string {
  const end = path.search(/[?#]/);
  return end === -1 ? path : path.slice(0, end);
}

/**
 * Whether the client has gone away, as far as a request tells: what reads its body throws then. Deno's
 * tell it with every response, and it warns whoever asks.
 */
export function isGone(request: Request): boolean {
  if ("Deno" in globalThis) return false;
  try {
    return request.signal?.aborted === true;
  } catch {
    return false;
  }
}
