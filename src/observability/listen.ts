import type { DeadlineOptions } from "../library/options.ts";
import { AddressInUseError } from "../http/server.ts";
import { errorText, report } from "../internal/reporting.ts";
import type { ObservabilityConfig, PrometheusConfig } from "./config/config.ts";
import { readEnv } from "./config/env.ts";
import { readVariable } from "../internal/read_variable.ts";
import { addressOf } from "./claims.ts";
import { resolveConfig, type StartOptions } from "./start_options.ts";
import { isClusterWorker, isSiblings, OTHER_WAYS } from "./worker_process.ts";

/** What serves metrics at a port, until it is shut down. */
export interface MetricsPort {
  /** Where they are; `undefined` while that is not known. */
  readonly metricsUrl: string | undefined;
  shutdown(options?: DeadlineOptions): Promise<void>;
}

/** What listens, and where it was to. */
export interface Listening {
  readonly server: MetricsPort | undefined;
  readonly prometheus: PrometheusConfig;
}

/**
 * Opens the port of the metrics. An address of the environment that cannot be opened is told and
 * ignored, as if nobody had named it. A process that is one of several with the same port opens none:
 * whoever scrapes would be answered by one or another of them.
 *
 * @param open opens one; `undefined` where there is nothing to scrape
 * @throws {Error} if the address cannot be opened, and not for the environment's sake
 */
export async function listen<Events extends object>(
  open: ((address: PrometheusConfig) => Promise<MetricsPort | undefined>) | undefined,
  config: ObservabilityConfig,
  options: StartOptions<Events>,
): Promise<Listening> {
  const { prometheus } = config;
  const none = { server: undefined, prometheus };
  if (!prometheus.enabled || open === undefined) return none;
  const tell = (reason: string) =>
    report(options.logger ?? console, `metrics are not served: ${reason}; ${OTHER_WAYS}`);
  if (isClusterWorker()) {
    tell(
      "this process is a worker of a cluster, whose workers share each port, so that a scrape would " +
        "show one of them or another",
    );
    return none;
  }
  try {
    return await listenAnywhere(open, config, options);
  } catch (error) {
    if (!(error instanceof AddressInUseError) || !isSiblings(addressOf(error))) throw error;
    tell(
      `${addressOf(error)} is in use, and this is a child process, whose parent may serve there`,
    );
    return none;
  }
}

async function listenAnywhere<Events extends object>(
  open: (address: PrometheusConfig) => Promise<MetricsPort | undefined>,
  { prometheus }: ObservabilityConfig,
  options: StartOptions<Events>,
): Promise<Listening> {
  try {
    return { server: await open(prometheus), prometheus };
  } catch (error) {
    const other = withoutEnv(options);
    const isTheSame = other?.enabled && other.hostname === prometheus.hostname &&
      other.port === prometheus.port;
    if (other === undefined || isTheSame) throw error;
    const { values } = readEnv(options.env ?? readVariable);
    const names = ["prometheus.hostname", "prometheus.port", "prometheus.enabled"]
      .flatMap((path) => values.get(path)?.name ?? []);
    const instead = other.enabled
      ? `${other.hostname}:${other.port} is used`
      : "metrics are not served";
    report(
      options.logger ?? console,
      `${names.join(", ")}: has no effect, ${instead}: ${errorText(error)}`,
    );
    const server = other.enabled ? await open(other) : undefined;
    return { server, prometheus: other };
  }
}

/** What would be opened without the environment; `undefined` if there is no such start. */
function withoutEnv<Events extends object>(
  options: StartOptions<Events>,
): PrometheusConfig | undefined {
  try {
    return resolveConfig({ ...options, env: () => undefined }).prometheus;
  } catch {
    // The program cannot start without what the environment says.
    return undefined;
  }
}
