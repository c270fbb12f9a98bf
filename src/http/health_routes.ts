import { assertFunction } from "../internal/arguments.ts";
import type { Route } from "./route.ts";
import { textResponse } from "./text_response.ts";

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
 * @throws {TypeError} if `ready` is not a function
 */
export function healthRoutes({ ready = () => true }: HealthRoutesOptions = {}): Route[] {
  assertFunction("create health routes", "ready", ready);
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
