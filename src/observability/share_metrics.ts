import type { EventBus } from "../library/event_bus.ts";
import { combineCatalogs } from "../catalog/combine.ts";
import { format, invalidArgument } from "../internal/arguments.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { cut, errorText, report } from "../internal/reporting.ts";
import type { Logger } from "../internal/logger.ts";
import { isEventBus } from "../library/brand.ts";
import { DEFAULT_SELF_METRICS_PREFIX } from "../subscribers/self_metrics/options.ts";
import type { Metrics } from "../threads/catalog_hash.ts";
import { PortKeeper, type PortKeeperOptions } from "../threads/membership/port_keeper.ts";
import type { MetricsServer } from "../http/serve_metrics.ts";
import type { Role } from "../threads/membership/member_words.ts";
import { keeperOfThis, startWorker, WorkerKeeper } from "../threads/membership/worker_keeper.ts";
import { SharedMetrics, type SharedMetricsOptions } from "../threads/shared_metrics.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import { ConfigurationError } from "./config/configuration_error.ts";
import type { Endpoints } from "./endpoints.ts";
import type { StartOptions } from "./start_options.ts";
import { isClusterWorker, OTHER_WAYS } from "./worker_process.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

type ThreadOptions = Exclude<StartOptions["threads"], boolean | undefined>;

const ACTION = "start observability";

/**
 * Checks the option `threads`.
 *
 * @returns `undefined` if it is not wanted
 */
export function resolveThreads(threads: unknown): ThreadOptions | undefined {
  if (threads === undefined || threads === false) return undefined;
  if (threads === true) return {};
  if (typeof threads !== "object" || threads === null) {
    invalidArgument(TypeError, ACTION, "threads", "true, false or an object", threads);
  }
  assertKnownNames(ACTION, "option of threads:", threads, ["name", "metricsWorker"]);
  const { name, metricsWorker } = threads as ThreadOptions;
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    invalidArgument(TypeError, ACTION, "threads.name", "a text that is not empty", name);
  }
  if (metricsWorker !== undefined && !(metricsWorker instanceof URL)) {
    invalidArgument(TypeError, ACTION, "threads.metricsWorker", "a URL", metricsWorker);
  }
  return { name, metricsWorker };
}

/** Shares the metrics with the other threads, if that is wanted and can be done; if not, says so. */
export function shareMetrics<Events extends object>(
  { bus, config, options, logger, onRole }: {
    readonly bus: EventBus<Events>;
    readonly config: ObservabilityConfig;
    readonly options: StartOptions<Events>;
    readonly logger: Logger;
    readonly onRole?: SharedMetricsOptions<Events>["onRole"];
  },
  { meter, recordsThroughMeter }: Telemetry,
): SharedMetrics<Events> | undefined {
  const threads = resolveThreads(options.threads);
  if (threads === undefined || !config.metricsEnabled) return undefined;
  const { metricsWorker } = threads;
  if (metricsWorker !== undefined && config.prometheus.enabled) {
    throw new ConfigurationError(
      "threads.metricsWorker",
      "must be absent where the thread itself opens a port (server: false says that it does not)",
    );
  }
  const { metrics = {} } = combineCatalogs(options.catalog ?? {});
  assertKept(metrics as Metrics);
  const roles: Role[] = [];
  if (config.otlp.metrics !== undefined) roles.push("push");
  if (config.prometheus.enabled) roles.push("port");
  if (metricsWorker !== undefined && isClusterWorker()) {
    report(
      logger,
      "threads.metricsWorker: is not started: this process is a worker of a cluster, and a scrape " +
        `would show one of them; ${OTHER_WAYS}`,
    );
  } else if (metricsWorker !== undefined) roles.push("worker");
  const tell = (reason: string) => {
    report(logger, `threads: has no effect, each thread answers for itself: ${reason}`);
    return undefined;
  };
  if (recordsThroughMeter) return tell("the runtime's own OpenTelemetry has the metrics");
  if (typeof SharedArrayBuffer === "undefined") {
    return tell(
      "there is no SharedArrayBuffer (in a browser, the page must be cross-origin isolated)",
    );
  }
  const group = `busbar-threads:${config.serviceName}`;
  const keeper = keeperOfThis();
  if (keeper !== undefined && keeper.group !== group) {
    report(
      logger,
      "threads.metricsWorker: the module's serviceName must be the one of the threads that name it, " +
        `received ${format(config.serviceName)}: threads that start later are not in its answers`,
    );
  }
  try {
    return new SharedMetrics<Events>({
      bus,
      metrics: metrics as Metrics,
      group,
      name: threads.name,
      mayEvict: isEventBus(options.bus) || config.bus.overflow === "drop-oldest",
      prefix: options.selfMetricsPrefix ?? DEFAULT_SELF_METRICS_PREFIX,
      processMeter: meter,
      logger,
      onRole,
      roles,
      keeper,
    });
  } catch (error) {
    return tell(errorText(error));
  }
}

/** What one thread forgets, the others still have. */
function assertKept(metrics: Metrics): void {
  const forgotten = Object.keys(metrics).filter((name) => metrics[name]?.maxIdleMs !== undefined);
  if (forgotten.length === 0) return;
  throw new ConfigurationError(
    "threads",
    `must be absent where a metric has maxIdleMs (${cut(forgotten.join(", "))}): series stay in ` +
      "the memory that threads share",
  );
}

/** What opens the port of the metrics for all threads, while this one has that role. */
export function createPortKeeper(
  address: ObservabilityConfig["prometheus"],
  { endpoints, membership, logger }: {
    readonly endpoints: Endpoints;
    readonly membership: PortKeeperOptions["membership"];
    readonly logger: Logger;
  },
): PortKeeper {
  // Where nothing can be scraped, nobody asks for it.
  const listen = () => endpoints.listen(address) as Promise<MetricsServer>;
  return new PortKeeper({ membership, address, listen, logger });
}

/** What has a worker serve the metrics of all threads, while this one has that role. */
export function createWorkerKeeper<Events extends object>(
  { membership, incarnation, group }: SharedMetrics<Events>,
  { options, logger }: {
    readonly options: StartOptions<Events>;
    readonly logger: Logger;
  },
): WorkerKeeper | undefined {
  const module = resolveThreads(options.threads)?.metricsWorker;
  if (module === undefined) return undefined;
  return new WorkerKeeper({
    membership,
    start: (onEnd) => {
      // It answers for all of them from its first moment.
      const known = membership.members().map(({ memory: { buffer }, name, state }) => {
        return { buffer, name, isSilent: state !== "alive" };
      });
      return startWorker(module, { keeper: { incarnation, group, known }, onEnd });
    },
    logger,
  });
}
