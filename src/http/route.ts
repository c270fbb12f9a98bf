/** What answers requests for one path, or for all paths below one. */
export interface Route {
  /**
   * The path, such as `/metrics`; or with `/*` at its end, such as `/live/*`, all paths that begin
   * so and have no route of their own. Of several the longest applies.
   */
  readonly path: string;
  /**
   * The methods that are answered, in upper case; others get 405. Where `GET` is, `HEAD` is too:
   * the response's body is then left out. Default: `["GET"]`.
   */
  readonly methods?: readonly string[] | undefined;
  /**
   * Whether it is answered without the handler's token and under any host name, as probes of health
   * must be. Default: `false`.
   */
  readonly isPublic?: boolean | undefined;
  /**
   * Answers. What it throws or rejects with is logged and becomes a 500 without the reason. The
   * request's `signal` aborts when the client goes away.
   */
  handle(request: Request): Response | Promise<Response>;
}
