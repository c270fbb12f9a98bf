/** What a client may say in `Host`: a name or an address, and a port. */
const HOST = /^(?:\[[\da-f:.]+\]|[^\s/\\?#@:[\]]+)(?::\d*)?$/i;

/** Whom and what a request asks. */
export interface RequestAddress {
  readonly url: URL;
  /** The host names that it is addressed to, as URLs write them: its URL's, and that of `Host`. */
  readonly hostnames: readonly string[];
}

/**
 * Reads the address of a request. What a client writes into its first line and into `Host` reaches
 * `Request.url` as it is on some runtimes, so that it need be no URL. A client of HTTP/1.0 may name
 * no host: it means this one.
 *
 * @returns `undefined` if it is malformed
 */
export function addressOf({ url, headers }: Request): RequestAddress | undefined {
  const host = headers.get("host") || undefined;
  if (host !== undefined && !HOST.test(host)) return undefined;
  try {
    const parsed = new URL(isPath(url) ? `http://${host ?? "localhost"}${url}` : url);
    if (!/^https?:$/.test(parsed.protocol) || parsed.username !== "") return undefined;
    const named = host === undefined ? [] : [new URL(`http://${host}`).hostname];
    return { url: parsed, hostnames: [parsed.hostname, ...named] };
  } catch {
    return undefined;
  }
}

/** Whether it is no URL but the path of one. */
export const isPath = (url: string): boolean => url.startsWith("/");
