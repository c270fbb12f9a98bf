/** What is known of a request that is about to be sent. */
export interface HttpClientRequestStart {
  /** The method, `"_OTHER"` if it is none of those that HTTP's standards name. */
  readonly method: string;
  /** The method as it is sent, if it is `"_OTHER"`; up to 200 characters. */
  readonly originalMethod: string | undefined;
  /** The URL without its query, user and password, up to 1,024 characters. */
  readonly url: string;
  /** `"http"` or `"https"`. */
  readonly scheme: string;
  /** The name of the host that it is sent to. */
  readonly serverAddress: string;
  /** The port that it is sent to. */
  readonly serverPort: number;
}

/** What became of it, when the response's headers have come or it has failed. */
export interface HttpClientRequestEnd extends HttpClientRequestStart {
  /** The status of the response, `undefined` if none came. */
  readonly status: number | undefined;
  /** How long it took until the response's headers had come, in milliseconds. */
  readonly durationMs: number;
  /** What kind of failure it was: the class of an error, or a status from 400 on. */
  readonly errorType: string | undefined;
  /** What `fetch` was rejected with. */
  readonly error: Error | undefined;
}

/** The events of the requests that a client sends. */
export interface HttpClientEvents {
  /** A request is about to be sent. */
  "http.client.request.start": HttpClientRequestStart;
  /** Its response has come, or it has failed. */
  "http.client.request.end": HttpClientRequestEnd;
}
