import { assertFunction } from "../internal/arguments.ts";
import type { Route } from "./route.ts";

/** A route at `/stats` that shows what `stats` returns, such as `() => bus.stats()`, as JSON. */
export function statsRoute(stats: () => unknown): Route {
  assertFunction("create a stats route", "stats", stats);
  return {
    path: "/stats",
    handle: () => {
      const body = `${JSON.stringify(stats() ?? null, undefined, 2)}\n`;
      return new Response(body, { headers: { "content-type": "application/json; charset=utf-8" } });
    },
  };
}
