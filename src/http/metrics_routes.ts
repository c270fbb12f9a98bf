import { healthRoutes, type HealthRoutesOptions } from "./health_routes.ts";
import { metricsRoute, type MetricsRouteOptions } from "./metrics_route.ts";
import type { Route } from "./route.ts";
import { statsRoute } from "./stats_route.ts";

/** What is shown of a service. */
export interface MetricsRoutesOptions {
  /**
   * Returns the metrics in the negotiated format; see `metricsRoute`. Default: there is no
   * `/metrics`.
   */
  readonly scrape?: MetricsRouteOptions["scrape"] | undefined;
  /** Whether `/readyz` answers 200. Default: always. */
  readonly ready?: HealthRoutesOptions["ready"] | undefined;
  /** What `/stats` shows as JSON, such as `() => bus.stats()`. Default: there is no `/stats`. */
  readonly stats?: (() => unknown) | undefined;
  /** Further routes. Default: none. */
  readonly routes?: readonly Route[] | undefined;
}

/** The routes of a service's metrics and health, and further ones. */
export function metricsRoutes(options: MetricsRoutesOptions): Route[] {
  const { scrape, ready, stats, routes = [] } = options;
  return [
    ...(scrape === undefined ? [] : [metricsRoute({ scrape })]),
    ...healthRoutes({ ready }),
    ...(stats === undefined ? [] : [statsRoute(stats)]),
    ...routes,
  ];
}
