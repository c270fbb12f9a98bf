/** What is used of a request of `node:http`, which those of Express are too. */
export interface NodeRequest {
  /** `"GET"`, `"POST"` and so on. */
  readonly method?: string | undefined;
  /** The path with its query. */
  readonly url?: string | undefined;
  /** The same, as Express received it: what a middleware is mounted at is left out of `url`. */
  readonly originalUrl?: string | undefined;
  /** What Express has found for it; a middleware has none. */
  readonly route?: unknown;
  /** The headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The connection; if it is encrypted, the scheme is `https:`. */
  readonly socket?: unknown;
  /** Whether the body has been read to its end. */
  readonly readableEnded: boolean;
  /** Listens to what becomes of the body. */
  // deno-lint-ignore no-explicit-any -- as it stands in Node's own types
  on(event: string, listener: (...values: any[]) => void): unknown;
  /** Lets the body wait. */
  pause(): unknown;
  /** Lets the body go on. */
  resume(): unknown;
}

/** What is used of a response of `node:http`, which those of Express are too. */
export interface NodeResponse {
  /** The status, such as 200. */
  statusCode: number;
  /** The reason phrase that goes with it. */
  statusMessage: string;
  /** Whether status and headers have been sent. */
  readonly headersSent: boolean;
  /** Whether all of the body has been handed to the system. */
  readonly writableFinished: boolean;
  /** Sets a header, by one value or several. */
  setHeader(name: string, value: string | readonly string[]): unknown;
  /** Writes a part of the body; `false` asks to wait for `drain`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the response, with a last part of the body if there is one. */
  end(chunk?: Uint8Array): unknown;
  /** Breaks the connection off. */
  destroy(): unknown;
  /** Listens to what becomes of the response. */
  // deno-lint-ignore no-explicit-any -- as it stands in Node's own types
  on(event: string, listener: (...values: any[]) => void): unknown;
}
