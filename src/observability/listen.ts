import type { MetricsServer } from "../http/serve_metrics.ts";
import { errorText, report } from "../internal/reporting.ts";
import type { ObservabilityConfig, PrometheusConfig } from "./config/config.ts";
import { readEnv } from "./config/env.ts";
import { readVariable } from "./config/read_variable.ts";
import { resolveConfig, type StartOptions } from "./start_options.ts";

/** What listens, and where it was to. */
export interface Listening {
  readonly server: MetricsServer | undefined;
  readonly prometheus: PrometheusConfig;
}

/**
 * Opens the port of the metrics. An address of the environment that cannot be opened is told and
 * ignored, as if nobody had named it.
 *
 * @param open opens one
 * @throws {Error} if the address cannot be opened, and not for the environment's sake
 */
export async function listen<Events extends object>(
  open: (address: PrometheusConfig) => Promise<MetricsServer | undefined>,
  { prometheus }: ObservabilityConfig,
  options: StartOptions<Events>,
): Promise<Listening> {
  if (!prometheus.enabled) return { server: undefined, prometheus };
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
