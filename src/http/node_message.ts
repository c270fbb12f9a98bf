/** What is used of a request of `node:http`, which those of Express are too. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket?: unknown;
  readonly readableEnded: boolean;
  // deno-lint-ignore no-explicit-any -- as it stands in Node's own types
  on(event: string, listener: (...values: any[]) => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** What is used of a response of `node:http`, which those of Express are too. */
export interface NodeResponse {
  statusCode: number;
  statusMessage: string;
  readonly headersSent: boolean;
  readonly writableFinished: boolean;
  setHeader(name: string, value: string | readonly string[]): unknown;
  write(chunk: Uint8Array): boolean;
  end(chunk?: Uint8Array): unknown;
  destroy(): unknown;
  // deno-lint-ignore no-explicit-any -- as it stands in Node's own types
  on(event: string, listener: (...values: any[]) => void): unknown;
}
