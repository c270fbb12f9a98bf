import type { Logger } from "../internal/logger.ts";
import type { Route } from "./route.ts";

/** The options of {@linkcode createHandler}. */
export interface HandlerOptions {
  /** What is answered; other paths get 404. */
  readonly routes: readonly Route[];
  /**
   * Whether a route also answers below any path, as `/metrics` does at `/internal/metrics`: for a
   * handler that is mounted somewhere by a server that does not take the beginning away. Default:
   * `false`.
   */
  readonly anyPrefix?: boolean | undefined;
  /**
   * The host names, without ports, that requests may be addressed to besides those of the loopback
   * interface (`localhost`, `127.0.0.1`, `[::1]`); others get 403. It keeps web pages from reading
   * what listens on loopback, through a name of their own that resolves to it. `["*"]` stands for
   * any. Default: any.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * What requests must carry as `Authorization: Bearer <token>`; others get 401. Routes that are
   * public are answered without it. Default: none.
   */
  readonly token?: string | undefined;
  /** Where failures are logged. Default: `console`. */
  readonly logger?: Logger | undefined;
}
