import type { Logger } from "../internal/logger.ts";
import type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";
import { acceptsGzip, negotiateFormat } from "./accept.ts";
import { gzip } from "./gzip.ts";

/** The content types of the formats. */
export const CONTENT_TYPES: Readonly<Record<ScrapeFormat, string>> = Object.freeze({
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
});
const PLAIN_TEXT = "text/plain; charset=utf-8";
const JSON_TEXT = "application/json; charset=utf-8";

/** The options of {@linkcode createMetricsHandler}. */
export interface MetricsHandlerOptions {
  /**
   * Returns the metrics in the negotiated format; a rejection is answered with 500. A function that
   * only supports Prometheus text may always return that: it is served with its own content type.
   */
  readonly scrape: (format: ScrapeFormat) => Promise<string>;
  /** Whether `/readyz` answers 200. Default: always. */
  readonly ready?: () => boolean;
  /** What `/stats` shows as JSON, such as `() => bus.stats()`. Default: there is no `/stats`. */
  readonly stats?: () => unknown;
  /** Where failures are logged. Default: `console`. */
  readonly logger?: Logger;
}

/** What is answered: everything but what all answers have in common. */
interface Answer {
  readonly status: number;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

type Route = (request: Request) => Answer | Promise<Answer>;

/**
 * Creates a handler that answers `GET` and `HEAD` on these paths:
 *
 * - `/metrics`: the scrape, in the format that `Accept` asks for (Prometheus text 0.0.4 unless it is
 *   OpenMetrics 1.0.0), compressed if `Accept-Encoding` allows gzip
 * - `/healthz`: always `ok`: the process responds
 * - `/readyz`: `ok`, or 503 while `ready` returns `false`
 * - `/stats`: what `stats` returns, as JSON
 *
 * Other methods get 405, other paths 404, and failures 500, never an empty 200. The cause of a failure
 * is logged and not sent to the client. Headers that are malformed or oversized are ignored.
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
  { scrape, ready = () => true, stats, logger = console }: MetricsHandlerOptions,
): (request: Request) => Promise<Response> {
  const routes = new Map<string, Route>([
    ["/metrics", (request) => answerScrape(request, scrape)],
    ["/healthz", () => ({ status: 200, body: "ok\n" })],
    [
      "/readyz",
      () => ready() ? { status: 200, body: "ok\n" } : { status: 503, body: "not ready\n" },
    ],
  ]);
  if (stats !== undefined) routes.set("/stats", () => answerStats(stats));
  return async (request) => {
    const { pathname } = new URL(request.url);
    const route = routes.get(pathname);
    if (route === undefined) {
      return respond(request, { status: 404, body: "Not found. The metrics are at /metrics\n" });
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      const headers = { allow: "GET, HEAD" };
      return respond(request, { status: 405, body: "Method not allowed\n", headers });
    }
    try {
      return respond(request, await route(request));
    } catch (error) {
      tell(logger, `Cannot answer ${pathname}: ${describe(error)}`);
      const body = pathname === "/metrics"
        ? "The metrics could not be collected\n"
        : "This could not be answered\n";
      return respond(request, { status: 500, body });
    }
  };
}

async function answerScrape(
  { headers }: Request,
  scrape: MetricsHandlerOptions["scrape"],
): Promise<Answer> {
  const asked = negotiateFormat(headers.get("accept"));
  const text = await scrape(asked);
  // OpenMetrics always ends like this, and Prometheus refuses it if it does not.
  const format = text.endsWith("# EOF\n") ? asked : "prometheus";
  const common = {
    "content-type": CONTENT_TYPES[format],
    "vary": "Accept, Accept-Encoding",
  };
  if (!acceptsGzip(headers.get("accept-encoding"))) {
    return { status: 200, body: text, headers: common };
  }
  return {
    status: 200,
    body: await gzip(text),
    headers: { ...common, "content-encoding": "gzip" },
  };
}

function answerStats(stats: () => unknown): Answer {
  const body = `${JSON.stringify(stats() ?? null, undefined, 2)}\n`;
  return { status: 200, body, headers: { "content-type": JSON_TEXT } };
}

function respond(request: Request, { status, body, headers }: Answer): Response {
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

/** A logger that throws takes nobody's answer away. */
function tell(logger: Logger, message: string): void {
  try {
    logger.warn(message);
  } catch {
    // Nowhere else to tell it.
  }
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) {
    return `${error.message}: ${error.errors.map(describe).join("; ")}`;
  }
  return error instanceof Error ? error.message : String(error);
}
