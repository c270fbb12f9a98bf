import { EventBus } from "../bus/event_bus.ts";
import type { EventSubscriber } from "../bus/event_subscriber.ts";
import type { DeadlineOptions } from "../internal/deadline.ts";
import type { Logger } from "../internal/logger.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { LogLevel } from "../catalog/log.ts";
import { type ExitHookOptions, installExitHooks } from "../exit/hooks.ts";
import type { AnyEvents } from "../events/event_map.ts";
import { startMetricsServer } from "../http/start_metrics_server.ts";
import { observeExport } from "../subscribers/self_metrics/observe_export.ts";
import { observeBus } from "../subscribers/self_metrics/observe_bus.ts";
import { DEFAULT_SELF_METRICS_PREFIX } from "../subscribers/self_metrics/options.ts";
import { jsonLinesSink } from "../subscribers/logging/json_lines.ts";
import type { LogSink } from "../subscribers/logging/log_record.ts";
import { LoggingSubscriber } from "../subscribers/logging/logging_subscriber.ts";
import { otelLogSink } from "../subscribers/logging/otel_logs.ts";
import { MetricsSubscriber } from "../subscribers/metrics/metrics_subscriber.ts";
import { SpanRegistry } from "../subscribers/tracing/span_registry.ts";
import { observeSubscribers } from "../subscribers/self_metrics/observe_subscribers.ts";
import { TracingSubscriber } from "../subscribers/tracing/tracing_subscriber.ts";
import { parseObservabilityArgs } from "./config/args.ts";
import type { BusConfig, ObservabilityConfig } from "./config/config.ts";
import { ConfigurationError } from "./config/configuration_error.ts";
import { type EnvReader, readObservabilityEnv } from "./config/env.ts";
import type { ObservabilityOptions } from "./config/options.ts";
import { resolveObservabilityConfig } from "./config/resolve.ts";
import { ineffectiveEnvVars } from "./config/ineffective_env_vars.ts";
import { createRuntimeTelemetry } from "./telemetry/runtime_telemetry.ts";
import { type Observability, running } from "./handle.ts";
import { createSdkTelemetry } from "./telemetry/sdk_telemetry.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** The options of {@linkcode startObservability}; all are optional. */
export interface StartOptions<Events extends object = AnyEvents>
  extends Omit<ObservabilityOptions, "bus"> {
  /** Which metrics, spans and log records the events become. Default: only the bus's own metrics. */
  readonly catalog?: Catalog<Events>;
  /**
   * An existing bus, which is started now and, at shutdown, flushed but not stopped; or options for a
   * new one, which is stopped at shutdown. Default: a new one with default options.
   */
  readonly bus?: EventBus<Events> | NonNullable<ObservabilityOptions["bus"]>;
  /** Further subscribers to register. Default: none. */
  readonly subscribers?: readonly EventSubscriber<Events>[];
  /** The least severe level of which log records are built. Default: `"info"`. */
  readonly minLevel?: LogLevel;
  /** Names of fields to redact in all log records; see `LoggingOptions`. Default: none. */
  readonly redact?: readonly string[];
  /** Whether `/readyz` of the metrics server answers 200. Default: always. */
  readonly ready?: () => boolean;
  /**
   * Runs `shutdown` when the process gets a signal or has nothing left to do, and delivers what can
   * be delivered synchronously on `exit()` and uncaught errors; see `installExitHooks`. Default: no
   * hooks.
   */
  readonly exitHooks?: ExitHookOptions;
  /** Where log records go. Default: to the OTLP endpoint, else as JSON lines to the console. */
  readonly logSink?: LogSink | readonly LogSink[];
  /** The prefix of the bus's own metrics. Default: `"busbar"`. */
  readonly selfMetricsPrefix?: string;
  /** Whether the providers are registered as OpenTelemetry's global ones. Default: `false`. */
  readonly registerGlobally?: boolean;
  /** Command-line flags, such as `Deno.args`; see `parseObservabilityArgs`. Default: none. */
  readonly args?: readonly string[];
  /**
   * Reads an environment variable. Default: from the process's environment, if that needs no
   * permission prompt.
   */
  readonly env?: EnvReader;
  /** Where losses and failures are logged. Default: `console`. */
  readonly logger?: Logger;
}

/** Buses that are under observation: twice would count everything double. */
const observed = new WeakSet<object>();

/**
 * Sets up everything: a bus, subscribers for what the catalog declares, and an OpenTelemetry SDK. If
 * an OTLP endpoint is set, metrics, log records and, if enabled, spans are pushed to it. Otherwise
 * metrics are served at `http://127.0.0.1:9464/metrics`, and log records are written to the console.
 *
 * Each setting comes from the first of these that has it: the options, `args`, OpenTelemetry's
 * environment variables, `DEFAULT_OBSERVABILITY_CONFIG`. Variables that are set but have no effect
 * are logged. Under `OTEL_DENO=true` the runtime's own
 * providers are used.
 *
 * Deno permissions: `--allow-net=127.0.0.1:9464` to serve metrics, `--allow-net` for the endpoint to
 * push, `--allow-env` to read environment variables; without it, they are treated as not set.
 *
 * @example
 * ```ts
 * import { counter, defineCatalog } from "@busbar/busbar/catalog";
 * import { startObservability } from "@busbar/busbar/observability";
 *
 * interface ShopEvents {
 *   "order": { status: string };
 * }
 * const catalog = defineCatalog<ShopEvents>()({
 *   metrics: { "shop.orders": counter("order") },
 * });
 * await using obs = await startObservability({ catalog, prometheus: { port: 0 } });
 * obs.bus.publish("order", { status: "ok" });
 * await obs.flush();
 * const scrape = await (await fetch(obs.metricsUrl!)).text();
 * if (!scrape.includes("shop_orders_total 1")) throw new Error(scrape);
 * ```
 *
 * @throws {TypeError} if an option is of the wrong type
 * @throws {RangeError} if an option is out of range
 * @throws {ConfigurationError} if a flag or a variable is invalid, or two settings contradict each
 * other
 * @throws {AddressInUseError} if the address to serve metrics at is in use
 * @throws {Error} if another `startObservability` uses the bus, or another provider is registered
 */
export async function startObservability<Events extends object = AnyEvents>(
  options: StartOptions<Events> = {},
): Promise<Observability<Events>> {
  const { logger = console, selfMetricsPrefix = DEFAULT_SELF_METRICS_PREFIX } = options;
  const config = resolveConfig(options);
  const ownsBus = !(options.bus instanceof EventBus);
  const bus = options.bus instanceof EventBus
    ? options.bus
    : new EventBus<Events>({ ...config.bus, enabled: config.enabled, logger });
  if (!config.enabled) return disabled(bus, config);
  if (observed.has(bus)) {
    throw new Error(
      "Cannot start observability: bus must not be under observation already; " +
        "shut the earlier startObservability down first",
    );
  }
  for (const line of ineffectiveEnvVars(config, options.env)) {
    logger.warn(`startObservability: ${line}`);
  }

  // At once: another call may come while this one waits for the server.
  observed.add(bus);
  const undo: (() => void | Promise<void>)[] = [() => void observed.delete(bus)];
  try {
    let metricsSubscriber: MetricsSubscriber<Events> | undefined;
    const telemetry = config.runtimeTelemetry
      ? createRuntimeTelemetry(config, logger)
      : createSdkTelemetry({
        config,
        collect: () => metricsSubscriber?.collect() ?? [],
        logger,
      });
    undo.push(async () => {
      // There is nothing to push yet, and the error may not wait for an endpoint that hangs.
      telemetry.abort();
      for (const { run } of telemetry.shutdownSteps) await run();
    });
    const registrations: Disposable[] = [{ [Symbol.dispose]: () => observed.delete(bus) }];
    const subscribers = new Map<EventSubscriber<Events>, Disposable>();
    const register = (subscriber: EventSubscriber<Events>) =>
      void subscribers.set(subscriber, bus.registerSubscriber(subscriber));
    undo.push(() => {
      for (const registration of [...subscribers.values(), ...registrations]) {
        registration[Symbol.dispose]();
      }
    });
    if (options.registerGlobally) registrations.push(telemetry.registerGlobally());
    const registry = new SpanRegistry();
    const { metrics = {}, spans = {}, logs } = options.catalog ?? {};
    // First, for the others ask the registry which span an event belongs to.
    const { tracer, deferAttributes } = telemetry;
    const tracing = tracer &&
      new TracingSubscriber<Events>({ tracer, spans, registry, deferAttributes, logger });
    if (tracing !== undefined) register(tracing);
    if (config.metricsEnabled) {
      metricsSubscriber = new MetricsSubscriber<Events>({
        metrics,
        logger,
        ...(config.exemplarFilter === "always_off"
          ? {}
          : { contextOf: (event) => registry.contextOf(event) }),
        ...(telemetry.recordsThroughMeter ? { meter: telemetry.meter } : {}),
      });
      register(metricsSubscriber);
    }
    const logging = config.loggingEnabled && logs !== undefined
      ? new LoggingSubscriber<Events>({
        logs,
        sink: options.logSink ?? defaultSink(telemetry),
        contextOf: (event) => registry.contextOf(event),
        ...(options.minLevel === undefined ? {} : { minLevel: options.minLevel }),
        ...(options.redact === undefined ? {} : { redact: options.redact }),
      })
      : undefined;
    if (logging !== undefined) register(logging);
    for (const subscriber of options.subscribers ?? []) register(subscriber);
    // Last, for the duration of a slice is taken up to there.
    if (config.metricsEnabled) {
      const self = { meter: telemetry.meter, prefix: selfMetricsPrefix };
      registrations.push(
        observeBus(bus, self),
        observeSubscribers({ metrics: metricsSubscriber, tracing, logging }, self),
        observeExport(telemetry.exportCounts, self),
      );
    }

    const { scrape } = telemetry;
    const server = config.prometheus.enabled && scrape !== undefined
      ? await startMetricsServer({
        hostname: config.prometheus.host,
        port: config.prometheus.port,
        scrape,
        stats: () => bus.stats(),
        ...(options.ready === undefined ? {} : { ready: options.ready }),
        logger,
      })
      : undefined;
    if (server !== undefined) undo.push(() => server.shutdown());
    const observability = running({
      bus,
      ownsBus,
      config,
      telemetry,
      subscribers,
      registrations,
      server,
    });
    if (options.exitHooks !== undefined) {
      const target = {
        stop: (within: DeadlineOptions) =>
          observability.shutdown(within).catch((error) => logger.warn(`${error}`)),
        flushSync: (within: DeadlineOptions) => bus.flushSync(within),
      };
      registrations.push(installExitHooks(target, options.exitHooks));
    }
    bus.start();
    return observability;
  } catch (error) {
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch {
        // It would hide why nothing was started.
      }
    }
    throw error;
  }
}

function resolveConfig<Events extends object>(options: StartOptions<Events>): ObservabilityConfig {
  const {
    catalog: _catalog,
    subscribers: _subscribers,
    logSink: _logSink,
    minLevel: _minLevel,
    redact: _redact,
    ready: _ready,
    exitHooks: _exitHooks,
    selfMetricsPrefix: _prefix,
    registerGlobally: _globally,
    logger: _logger,
    args,
    env,
    bus,
    ...settings
  } = options;
  const flags = args === undefined ? {} : parseObservabilityArgs(args).config;
  const handedIn = bus instanceof EventBus ? bus : undefined;
  if (handedIn !== undefined && flags.bus !== undefined) {
    throw new ConfigurationError(
      "--event-bus-queue-size",
      `must be absent where the program hands a bus in, whose size is ${handedIn.maxQueueSize}`,
    );
  }
  const ofBus = handedIn === undefined ? bus : { maxQueueSize: handedIn.maxQueueSize };
  const config = resolveObservabilityConfig({
    options: ofBus === undefined ? settings : { ...settings, bus: ofBus as Partial<BusConfig> },
    flags,
    env: readObservabilityEnv(env),
  });
  return handedIn?.enabled === false ? { ...config, enabled: false } : config;
}

function defaultSink({ logger }: Telemetry): LogSink {
  return logger === undefined ? jsonLinesSink() : otelLogSink(logger);
}

function disabled<Events extends object>(
  bus: EventBus<Events>,
  config: ObservabilityConfig,
): Observability<Events> {
  return {
    bus,
    config,
    flush: () => Promise.resolve(true),
    shutdown: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
