import { createHandler } from "../http/handler.ts";
import { metricsRoutes, type MetricsRoutesOptions } from "../http/metrics_routes.ts";
import { type NodeHandler, toNodeHandler } from "../http/node_handler.ts";
import { type MetricsServer, serveMetrics } from "../http/serve_metrics.ts";
import type { Address } from "../http/server.ts";
import { Unavailable } from "../http/unavailable.ts";
import type { Logger } from "../internal/logger.ts";
import { report } from "../internal/reporting.ts";
import type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";
import type { ServerOptions } from "./server_options.ts";
import { isClusterWorker, OTHER_WAYS } from "./worker_process.ts";

/** Gives a scrape. */
type Scrape = (format: ScrapeFormat) => Promise<string>;

/** What is shown, and to whom. */
export interface EndpointsOptions
  extends Pick<ServerOptions, "ready" | "routes" | "allowedHosts" | "token" | "insecure"> {
  /** `undefined` where there is nothing to scrape. */
  readonly scrape: Scrape | undefined;
  readonly stats: () => unknown;
  readonly logger: Logger;
}

/** Metrics and health over HTTP: in a server of the program's, in one of their own, or both. */
export class Endpoints {
  readonly handler: (request: Request) => Promise<Response>;
  readonly nodeHandler: NodeHandler;
  readonly #options: EndpointsOptions;
  readonly #shown: MetricsRoutesOptions;
  #isEnding = false;
  #isAsked = false;

  /** @throws {TypeError} if an option is not valid */
  constructor(options: EndpointsOptions) {
    const { scrape, stats, ready = () => true, routes, allowedHosts, token, logger } = options;
    this.#options = options;
    this.#shown = {
      scrape: scrape && ((format) => this.#scrape(scrape, format)),
      stats,
      routes,
      ready: async () => !this.#isEnding && await ready(),
    };
    this.handler = createHandler({
      routes: metricsRoutes(this.#shown),
      anyPrefix: true,
      allowedHosts,
      token,
      logger,
    });
    this.nodeHandler = toNodeHandler(this.handler, { logger });
  }

  /** Opens a port, if there is something to scrape. */
  async listen(address: Address): Promise<MetricsServer | undefined> {
    const { allowedHosts, token, insecure, logger } = this.#options;
    const { scrape } = this.#shown;
    if (scrape === undefined) return undefined;
    const { hostname, port } = address;
    const served = { ...this.#shown, scrape, allowedHosts, token, insecure, logger };
    return await serveMetrics({ ...served, hostname, port });
  }

  /** Whether that is so. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** From now on the service is not ready, and what fails because it ends is no failure. */
  end(): void {
    this.#isEnding = true;
  }

  async #scrape(scrape: Scrape, format: ScrapeFormat): Promise<string> {
    // Such a worker opens no port of its own: the program answers.
    if (!this.#isAsked && isClusterWorker()) {
      report(
        this.#options.logger,
        "the metrics that are asked for are those of one worker of a cluster: where its workers share " +
          `a port, each scrape shows one of them or another; ${OTHER_WAYS}`,
      );
    }
    this.#isAsked = true;
    try {
      return await scrape(format);
    } catch (error) {
      throw this.#isEnding ? new Unavailable("It has been shut down", { cause: error }) : error;
    }
  }
}
