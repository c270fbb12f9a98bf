/** What is known of a request when it has come in. */
export interface HttpServerRequestStart {
  /** The method, `"_OTHER"` if it is none of those that HTTP's standards name. */
  readonly method: string;
  /** The method as it was sent, if it is `"_OTHER"`; up to 200 characters. */
  readonly originalMethod: string | undefined;
  /** `"http"` or `"https"`. */
  readonly scheme: string;
  /** The path without its query, up to 1,024 characters. */
  readonly path: string;
  /** The template that the path matches, such as `"/items/:id"`, if that is known already. */
  readonly route: string | undefined;
  /** The version of HTTP, such as `"1.1"`, where the server tells it. */
  readonly protocolVersion: string | undefined;
  /** The length of its body in bytes, where the request tells it. */
  readonly requestBytes: number | undefined;
  /** By how much the number of requests under way has changed since an event last told it. */
  readonly activeChange: number;
}

/** What became of a request, when its response has been handed over or has failed. */
export interface HttpServerRequestEnd extends HttpServerRequestStart {
  /** The template that the path matches; `undefined` if it matches none. */
  readonly route: string | undefined;
  /** The status of the response, `undefined` if none was sent. */
  readonly status: number | undefined;
  /** How long it took, to the end of its response's body, in milliseconds. */
  readonly durationMs: number;
  /** The length of the response's body in bytes, where the response tells it. */
  readonly responseBytes: number | undefined;
  /** Whether the client went away before the response had ended. */
  readonly aborted: boolean;
  /** What kind of failure of the server it was: the class of an error, or a status from 500 on. */
  readonly errorType: string | undefined;
  /** What was thrown, if the response failed of it. */
  readonly error: Error | undefined;
}

/** The events of a server's requests. */
export interface HttpServerEvents {
  /** A request has come in. */
  "http.server.request.start": HttpServerRequestStart;
  /** Its response has ended. */
  "http.server.request.end": HttpServerRequestEnd;
}
