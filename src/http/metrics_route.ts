import { assertFunction } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";
import { acceptsGzip, negotiateFormat } from "./accept.ts";
import { gzip } from "./gzip.ts";
import type { Route } from "./route.ts";

const ACTION = "create a metrics route";

/** Where metrics are, unless it is said. */
export const METRICS_PATH = "/metrics";

/** The content types of the formats. */
const CONTENT_TYPES: Readonly<Record<ScrapeFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The options of {@linkcode metricsRoute}. */
export interface MetricsRouteOptions {
  /**
   * Returns the metrics in the negotiated format. A function that only supports Prometheus text may
   * always return that: it is served with its own content type.
   */
  readonly scrape: (format: ScrapeFormat) => Promise<string>;
  /** The path. Default: `"/metrics"`. */
  readonly path?: string | undefined;
}

/**
 * A route that answers with the metrics, in the format that `Accept` asks for (Prometheus text
 * 0.0.4 unless it is OpenMetrics 1.0.0), compressed if `Accept-Encoding` allows gzip. To a client
 * that says how names are to be escaped, the content type says how they are. Headers that are
 * malformed or oversized are ignored.
 *
 * @throws {TypeError} if `scrape` is not a function, or an option is unknown
 */
export function metricsRoute(options: MetricsRouteOptions): Route {
  assertKnownNames(ACTION, "option", options, ["scrape", "path"]);
  const { scrape, path = METRICS_PATH } = options;
  assertFunction(ACTION, "scrape", scrape);
  return { path, handle: (request) => respond(request, scrape) };
}

async function respond(
  { headers }: Request,
  scrape: MetricsRouteOptions["scrape"],
): Promise<Response> {
  const { format: requested, escaping } = negotiateFormat(headers.get("accept"));
  const text = await scrape(requested);
  // OpenMetrics always ends like this, and Prometheus refuses it if it does not.
  const format = text.endsWith("# EOF\n") ? requested : "prometheus";
  const type = CONTENT_TYPES[format];
  const common = {
    "content-type": escaping === undefined ? type : `${type}; escaping=${escaping}`,
    "vary": "Accept, Accept-Encoding",
  };
  if (!acceptsGzip(headers.get("accept-encoding"))) return new Response(text, { headers: common });
  return new Response(await gzip(text), { headers: { ...common, "content-encoding": "gzip" } });
}
