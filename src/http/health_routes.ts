import { assertFunction } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import type { Route } from "./route.ts";
import { textResponse } from "./text_response.ts";

const ACTION = "create health routes";

/** The options of {@linkcode healthRoutes}. */
export interface HealthRoutesOptions {
  /** Whether `/readyz` answers 200. Default: always. */
  readonly ready?: (() => boolean | Promise<boolean>) | undefined;
}

/**
 * Routes for probes, which need no token:
 *
 * - `/healthz`: always `ok`: the process responds
 * - `/readyz`: `ok`, or 503 while `ready` returns `false`
 *
 * @throws {TypeError} if `ready` is not a function, or an option is unknown
 */
export function healthRoutes(options: HealthRoutesOptions = {}): Route[] {
  assertKnownNames(ACTION, "option", options, ["ready"]);
  const { ready = () => true } = options;
  assertFunction(ACTION, "ready", ready);
  return [
    { path: "/healthz", isPublic: true, handle: () => textResponse(200, "ok\n") },
    {
      path: "/readyz",
      isPublic: true,
      handle: async () =>
        await ready() ? textResponse(200, "ok\n") : textResponse(503, "not ready\n"),
    },
  ];
}
