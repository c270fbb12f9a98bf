import type { Catalog } from "../catalog/catalog.ts";
import type { EventBusOptions } from "../bus/options.ts";
import { currentContext } from "../context/session.ts";
import type { AnyEvents } from "../events/event_map.ts";
import type { EventBus } from "../library/event_bus.ts";
import type { EventSubscriber } from "../library/event_subscriber.ts";
import { isEventBus } from "../library/brand.ts";
import type { Logger } from "../internal/logger.ts";
import type { Optional } from "../internal/with_defaults.ts";
import type { LogSink } from "../subscribers/logging/log_record.ts";
import { CATALOG_LIMITS, type CatalogLimits } from "../subscribers/subscribe_catalog.ts";
import { parseObservabilityArgs } from "./config/args.ts";
import type { BusConfig, ObservabilityConfig } from "./config/config.ts";
import { ConfigurationError } from "./config/configuration_error.ts";
import { readObservabilityEnv } from "./config/env.ts";
import type { EnvReader } from "./config/env_value.ts";
import type { ObservabilityOptions } from "./config/options.ts";
import { resolveSources } from "./config/resolve.ts";
import type { ShutdownHookOptions } from "./shutdown.ts";
import { SERVER_OPTIONS, type ServerOptions, withoutServer } from "./server_options.ts";

/** What the program alone can say: functions and objects, which no flag or variable can hold. */
export interface ProgramOptions<Events extends object = AnyEvents>
  extends CatalogLimits, ServerOptions {
  /**
   * Which metrics, spans and log records the events become; several catalogs, in a list, are one.
   * Default: only the bus's own metrics.
   */
  readonly catalog?: Catalog<Events> | readonly Catalog<Events>[] | undefined;
  /** Further subscribers to register. Default: none. */
  readonly subscribers?: readonly EventSubscriber<Events>[] | undefined;
  /**
   * Runs `shutdown` when the process gets a signal or has nothing left to do, and delivers what can
   * be delivered synchronously on `exit()` and uncaught errors; see `installExitHooks`. At a signal,
   * `drainMs` and `close` are those of `shutdown`. Default: no hooks.
   */
  readonly exitHooks?: ShutdownHookOptions | undefined;
  /**
   * Where log records go; several sinks may each have a level of their own. `"otlp"`, or
   * `{ otlp: { minLevel: "warn" } }`, stands for the OTLP endpoint, and for nothing where there is none: if
   * no other sink is named, records go to the standard output then. Default: to the OTLP endpoint, else to the standard output by `consoleSink`, as text
   * on a terminal and as JSON lines elsewhere.
   */
  readonly logSink?:
    | LogSink
    | "otlp"
    | readonly (LogSink | "otlp" | {
      readonly otlp: { readonly minLevel?: CatalogLimits["minLevel"] };
    })[]
    | undefined;
  /**
   * Whether what other code writes by `console` becomes log records; see
   * `SubscribeCatalogOptions.captureConsole`. Default: `false`.
   */
  readonly captureConsole?: boolean | undefined;
  /**
   * Whether the threads of a process answer for each other: each sums into memory that all share, and
   * any of them tells what all have counted, also what those have that hang or have ended. Each thread
   * starts observability with it, with the same `serviceName` and catalog. Default: `false`, each
   * thread answers for itself.
   */
  readonly threads?: boolean | {
    /**
     * What this thread is called, in the attribute `thread.name` of gauges; no other thread has the
     * name. Default: eight hexadecimal digits, random.
     */
    readonly name?: string | undefined;
    /**
     * A module that starts observability with the same `serviceName` and catalog, `threads: true` and
     * the port of the metrics, and does nothing else: one of the threads has it run by a worker, so
     * that no thread that hangs holds up who scrapes there. All threads that may start it name it, and
     * open no port themselves (`server: false`). On Deno it has the permissions of its starter, and
     * reading it must be allowed. Default: none.
     */
    readonly metricsWorker?: URL | undefined;
  } | undefined;
  /** The prefix of the bus's own metrics. Default: `"busbar"`. */
  readonly selfMetricsPrefix?: string | undefined;
  /**
   * The attribute of log records that holds the session; spans have it too if it is given. Default:
   * `"session.id"`.
   */
  readonly sessionIdAttribute?: string | undefined;
  /** The attribute of spans that holds the operation id. Default: none does. */
  readonly operationIdAttribute?: string | undefined;
  /**
   * Whether what uses OpenTelemetry's API alone is observed, too: the providers are registered as its
   * global ones, with a context manager and the propagators of the W3C (`traceparent`, `baggage`) unless
   * there are others. Their spans and those of operations are parents and children of each other. It
   * ends with the shutdown. Default: `false`.
   */
  readonly registerGlobally?: boolean | undefined;
  /**
   * Whether all that this service has started earlier in this process is shut down first, by its
   * `serviceName`: for programs that are loaded anew in one process and open no port (Vite). What has
   * the same address or is registered globally is replaced in any case; see `startObservability`.
   * Default: `false`.
   */
  readonly replace?: boolean | undefined;
  /** Command-line flags, such as `Deno.args`; see `parseObservabilityArgs`. Default: none. */
  readonly args?: readonly string[] | undefined;
  /**
   * Reads an environment variable. Default: from the process's environment, if that needs no
   * permission prompt.
   */
  readonly env?: EnvReader | undefined;
  /**
   * Where losses and failures are logged, and, in one line at the start, where telemetry goes. Default:
   * `console`.
   */
  readonly logger?: Logger | undefined;
  /** Gives the start up while it waits for the server, and shuts down afterwards. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

type BusFunctions = Pick<EventBusOptions, "clock" | "context">;

/** The options of `startObservability`; all are optional. */
export interface StartOptions<Events extends object = AnyEvents>
  extends ProgramOptions<Events>, Omit<ObservabilityOptions, "bus"> {
  /**
   * An existing bus, which is started now and, at shutdown, flushed but not stopped; or options for
   * a new one, which is stopped at shutdown. Default: a new one with default options, whose `context`
   * is `currentContext` of `@busbar/busbar/context`.
   */
  readonly bus?:
    | EventBus<Events>
    | Optional<BusConfig> & Pick<EventBusOptions, "clock" | "context">
    | undefined;
}

/** What only the program can say of a bus that is made here. */
export function busFunctions<Events extends object>(
  { bus }: StartOptions<Events>,
): BusFunctions {
  const { clock, context = currentContext } = (bus ?? {}) as BusFunctions;
  return { clock, context };
}

/** The names of what the program alone can say. */
const PROGRAM_OPTIONS: readonly (keyof ProgramOptions)[] = [
  "catalog",
  "subscribers",
  "exitHooks",
  "logSink",
  "captureConsole",
  "threads",
  "selfMetricsPrefix",
  "sessionIdAttribute",
  "operationIdAttribute",
  "registerGlobally",
  "replace",
  "args",
  "env",
  "logger",
  "signal",
  ...CATALOG_LIMITS,
  ...SERVER_OPTIONS,
];

/**
 * The configuration that the options, the flags and the environment give.
 *
 * @throws {TypeError} if an option is unknown or of the wrong type
 * @throws {RangeError} if a number is out of range
 * @throws {ConfigurationError} if a flag is invalid, or two settings contradict each other
 */
export function resolveConfig<Events extends object>(
  options: StartOptions<Events>,
): ObservabilityConfig {
  const { args, env, bus } = options;
  const flags = args === undefined ? {} : parseObservabilityArgs(args).config;
  const handedIn = isEventBus(bus) ? bus : undefined;
  if (handedIn !== undefined && flags.bus !== undefined) {
    throw new ConfigurationError(
      "--event-bus-queue-size",
      `must be absent where the program hands a bus in, whose size is ${handedIn.maxQueueSize}`,
    );
  }
  const busSettings = handedIn === undefined
    ? withoutFunctions(bus as Optional<BusConfig> | undefined)
    : { maxQueueSize: handedIn.maxQueueSize };
  const settings = Object.fromEntries(
    Object.entries({ ...options, bus: busSettings, prometheus: withoutServer(options, flags) })
      .filter(([name]) => !(PROGRAM_OPTIONS as readonly string[]).includes(name)),
  );
  const config = resolveSources({
    options: settings,
    flags,
    env: readObservabilityEnv(env),
  }, PROGRAM_OPTIONS);
  return handedIn?.enabled === false ? { ...config, enabled: false } : config;
}

/** What flags and variables can say of a bus, too. */
function withoutFunctions(
  bus: Optional<BusConfig> & BusFunctions | undefined,
): Optional<BusConfig> | undefined {
  // What is no object is refused where all settings are.
  if (typeof bus !== "object" || bus === null) return bus;
  const { clock: _clock, context: _context, ...settings } = bus;
  return settings;
}
