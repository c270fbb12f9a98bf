/** The formats of a scrape: Prometheus text 0.0.4, or OpenMetrics 1.0.0, which has exemplars. */
export type ScrapeFormat = "prometheus" | "openmetrics";

/** All formats. */
export const SCRAPE_FORMATS: readonly ScrapeFormat[] = ["prometheus", "openmetrics"];
