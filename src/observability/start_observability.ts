import { EventBus } from "../bus/event_bus.ts";
import type { EventSubscriber } from "../bus/event_subscriber.ts";
import { type DeadlineOptions, type Logger, resolveTimeoutMs } from "../bus/options.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { LogLevel } from "../catalog/log.ts";
import { type ExitHookOptions, installExitHooks } from "../exit/hooks.ts";
import type { AnyEvents } from "../events/event_map.ts";
import { startMetricsServer } from "../http/start_metrics_server.ts";
import type { MetricsServer } from "../http/metrics_server.ts";
import { observeExport } from "../otel/export/observe_export.ts";
import { BUS_METRIC_PREFIX, observeBus } from "../subscribers/bus_metrics.ts";
import { jsonLinesSink } from "../subscribers/logging/json_lines.ts";
import type { LogSink } from "../subscribers/logging/log_record.ts";
import { LoggingSubscriber } from "../subscribers/logging/logging_subscriber.ts";
import { otelLogSink } from "../subscribers/logging/otel_logs.ts";
import { MetricsSubscriber } from "../subscribers/metrics/metrics_subscriber.ts";
import { SpanRegistry } from "../subscribers/tracing/span_registry.ts";
import { observeSubscribers } from "../subscribers/subscriber_metrics.ts";
import { TracingSubscriber } from "../subscribers/tracing/tracing_subscriber.ts";
import { parseObservabilityArgs } from "./config/args.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import { type EnvReader, readObservabilityEnv } from "./config/env.ts";
import type { ObservabilityOptions } from "./config/options.ts";
import { resolveObservabilityConfig } from "./config/resolve.ts";
import { unusedVariables } from "./config/unused_variables.ts";
import { createRuntimeTelemetry } from "./runtime_telemetry.ts";
import { createSdkTelemetry } from "./sdk_telemetry.ts";
import { runSteps, type ShutdownStep } from "./shutdown_steps.ts";
import type { Telemetry } from "./telemetry.ts";

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

/** What {@linkcode startObservability} returns. */
export interface Observability<Events extends object = AnyEvents> extends AsyncDisposable {
  /** The bus to publish events to. */
  readonly bus: EventBus<Events>;
  /** The configuration in force. */
  readonly config: ObservabilityConfig;
  /** The URL that metrics are served at; absent if they are not. */
  readonly metricsUrl?: string;
  /**
   * Resolves when everything published before the call has passed through the bus, its subscribers
   * and the exporters. It never rejects.
   *
   * @returns `false` if something failed or the timeout was reached
   */
  flush(options?: DeadlineOptions): Promise<boolean>;
  /**
   * Shuts down in this order: the bus drains, its subscribers flush, the exporters push what they
   * hold, the server closes. Each step may use the time that the earlier ones left. A second call
   * returns the first one's result.
   *
   * @throws {AggregateError} after all steps, if one failed or did not finish in time
   */
  shutdown(options?: DeadlineOptions): Promise<void>;
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
  const { logger = console, selfMetricsPrefix = BUS_METRIC_PREFIX } = options;
  const config = resolveConfig(options);
  const ownBus = !(options.bus instanceof EventBus);
  const bus = options.bus instanceof EventBus
    ? options.bus
    : new EventBus<Events>({ ...config.bus, enabled: config.enabled, logger });
  if (!config.enabled || !bus.enabled) return disabled(bus, config);
  if (observed.has(bus)) {
    throw new Error(
      "Cannot start observability: bus must not be under observation already; " +
        "shut the earlier startObservability down first",
    );
  }
  for (const line of unusedVariables(config, options.env)) {
    logger.warn(`startObservability: ${line}`);
  }

  const undo: (() => void | Promise<void>)[] = [];
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
      for (const { run } of telemetry.shutdownSteps) await run();
    });
    const registrations: Disposable[] = [];
    undo.push(() => {
      for (const registration of registrations) registration[Symbol.dispose]();
    });
    if (options.registerGlobally) registrations.push(telemetry.registerGlobally());
    const registry = new SpanRegistry();
    const { metrics = {}, spans = {}, logs } = options.catalog ?? {};
    // First, for the others ask the registry which span an event belongs to.
    const { tracer } = telemetry;
    const tracing = tracer && new TracingSubscriber<Events>({ tracer, spans, registry, logger });
    if (tracing !== undefined) registrations.push(bus.registerSubscriber(tracing));
    if (config.metricsEnabled) {
      metricsSubscriber = new MetricsSubscriber<Events>({
        metrics,
        logger,
        ...(config.exemplarFilter === "always_off"
          ? {}
          : { contextOf: (event) => registry.contextOf(event) }),
        ...(telemetry.meterTakesAll ? { meter: telemetry.meter } : {}),
      });
      registrations.push(bus.registerSubscriber(metricsSubscriber));
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
    if (logging !== undefined) registrations.push(bus.registerSubscriber(logging));
    for (const subscriber of options.subscribers ?? []) {
      registrations.push(bus.registerSubscriber(subscriber));
    }
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
    const observability = running({ bus, ownBus, config, telemetry, registrations, server });
    if (options.exitHooks !== undefined) {
      const target = {
        stop: (within: DeadlineOptions) =>
          observability.shutdown(within).catch((error) => logger.warn(`${error}`)),
        flushSync: (within: DeadlineOptions) => bus.flushSync(within),
      };
      registrations.push(installExitHooks(target, options.exitHooks));
    }
    observed.add(bus);
    bus.start();
    return observability;
  } catch (error) {
    for (const step of undo.reverse()) await step();
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
  return resolveObservabilityConfig({
    options: bus === undefined || bus instanceof EventBus ? settings : { ...settings, bus },
    flags: args === undefined ? {} : parseObservabilityArgs(args).config,
    env: readObservabilityEnv(env),
  });
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

interface Running<Events extends object> {
  readonly bus: EventBus<Events>;
  readonly ownBus: boolean;
  readonly config: ObservabilityConfig;
  readonly telemetry: Telemetry;
  readonly registrations: readonly Disposable[];
  readonly server: MetricsServer | undefined;
}

function running<Events extends object>(parts: Running<Events>): Observability<Events> {
  const { bus, ownBus, config, telemetry, registrations, server } = parts;
  let ending: Promise<void> | undefined;

  const drainBus: ShutdownStep = {
    name: "drain the bus",
    run: async (remainingMs) => {
      // The exporters come after it: it may not take all of the time.
      const timeoutMs = remainingMs * BUS_SHARE;
      if (ownBus) {
        const { timedOut, leftOver } = await bus.stop({ timeoutMs });
        if (timedOut) throw new Error(`its time ran out, and ${leftOver} events were left over`);
      } else if (!await bus.flush({ timeoutMs })) {
        throw new Error("its time ran out");
      }
    },
  };
  const unregister: ShutdownStep = {
    name: "unregister",
    run: () => {
      observed.delete(bus);
      for (const registration of registrations) registration[Symbol.dispose]();
      return Promise.resolve();
    },
  };
  const closeServer: ShutdownStep = {
    name: "close the metrics server",
    run: async () => await server?.shutdown(),
  };

  const shutdown = (options: DeadlineOptions = {}): Promise<void> => {
    const timeoutMs = resolveTimeoutMs("stop", options);
    return ending ??= runSteps([
      drainBus,
      ...telemetry.shutdownSteps,
      unregister,
      closeServer,
    ], timeoutMs);
  };
  return {
    bus,
    config,
    ...(server === undefined ? {} : { metricsUrl: server.metricsUrl }),
    flush: async (options = {}) => {
      const timeoutMs = resolveTimeoutMs("flush", options);
      const until = performance.now() + timeoutMs;
      const drained = await bus.flush({ timeoutMs });
      try {
        await runSteps(telemetry.flushSteps, Math.max(0, until - performance.now()));
        return drained;
      } catch {
        // Each failure has been counted and told by the exporter that it happened in.
        return false;
      }
    },
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}

/** The bus's share of a shutdown's time. */
const BUS_SHARE = 0.6;
