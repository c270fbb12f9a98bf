import type { Logger } from "../bus/options.ts";

/** The content type of the Prometheus text format 0.0.4. */
const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN_TEXT = "text/plain; charset=utf-8";

/** Where the metrics handler gets its scrape from, and tells of failures. */
export interface MetricsHandlerOptions {
  /** Gives the metrics in the Prometheus text format; a rejection is answered with 500. */
  readonly scrape: () => Promise<string>;
  /** Where failing scrapes are told. Default: `console`. */
  readonly logger?: Logger;
}

/**
 * Makes a handler that answers `GET` and `HEAD` on `/metrics` (the scrape) and `/healthz` (`ok`).
 * Other methods get 405, other paths 404, and a scrape that fails 500: never an empty 200. What
 * failed is told to the logger, not to the client.
 *
 * @example
 * ```ts
 * import { createMetricsHandler } from "@busbar/busbar/http";
 *
 * const handler = createMetricsHandler({ scrape: () => Promise.resolve("up 1\n") });
 * const response = await handler(new Request("http://localhost/metrics"));
 * if (await response.text() !== "up 1\n") throw new Error("unexpected");
 * ```
 */
export function createMetricsHandler(
  { scrape, logger = console }: MetricsHandlerOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/metrics" && pathname !== "/healthz") {
      return reply(request, 404, "Not found. The metrics are at /metrics\n");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return reply(request, 405, "Method not allowed\n", { allow: "GET, HEAD" });
    }
    if (pathname === "/healthz") return reply(request, 200, "ok\n");
    try {
      return reply(request, 200, await scrape(), { "content-type": PROMETHEUS_TEXT });
    } catch (error) {
      logger.warn(`Cannot answer ${pathname}: ${describe(error)}`);
      return reply(request, 500, "The metrics could not be collected\n");
    }
  };
}

function reply(
  request: Request,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(request.method === "HEAD" ? null : body, {
    status,
    headers: {
      "content-type": PLAIN_TEXT,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) {
    return `${error.message}: ${error.errors.map(describe).join("; ")}`;
  }
  return error instanceof Error ? error.message : String(error);
}
