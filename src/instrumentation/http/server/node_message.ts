/** What is used of a request of `node:http`, which those of Express and Connect are too. */
export interface HttpIncoming {
  /** `"GET"`, `"POST"` and so on. */
  readonly method?: string | undefined;
  /** The path with its query. */
  readonly url?: string | undefined;
  /** The same, as Express and Connect received it: without what a middleware is mounted at. */
  readonly originalUrl?: string | undefined;
  /** The headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The version of HTTP. */
  readonly httpVersion?: string | undefined;
  /** The connection; if it is encrypted, the scheme is `https`. */
  readonly socket?: unknown;
}

/** What is used of a response of `node:http`. */
export interface HttpOutgoing {
  /** The status, such as 200. */
  readonly statusCode: number;
  /** Whether status and headers have been sent. */
  readonly headersSent: boolean;
  /** Whether its end has been called for. */
  readonly writableEnded?: boolean;
  /** What it was destroyed with. */
  readonly errored?: unknown;
  /** Its connection; `null` while those before it have not been sent. */
  readonly socket?: unknown;
  /** A header that has been set. */
  getHeader(name: string): unknown;
  /** Listens to what becomes of the response. */
  // deno-lint-ignore no-explicit-any -- as it stands in Node's own types
  on(event: string, listener: (...values: any[]) => void): unknown;
}
