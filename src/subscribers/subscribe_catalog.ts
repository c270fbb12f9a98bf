import type { EventBus } from "../library/event_bus.ts";
import type { EventSubscriber } from "../library/event_subscriber.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { LogLevel } from "../catalog/log.ts";
import { combineCatalogs } from "../catalog/combine.ts";
import type { AnyEvents } from "../events/event_map.ts";
import { assertFunction, invalidArgument } from "../internal/arguments.ts";
import { toSingleError } from "../internal/collected_errors.ts";
import type { DeadlineOptions } from "../library/options.ts";
import { resolveTimeoutMs } from "../internal/deadline.ts";
import type { Logger } from "../internal/logger.ts";
import { assertKnownNames } from "../internal/option_names.ts";
import { awaitInNeutralContext } from "../internal/neutral_context.ts";
import { provideSpanSource } from "../internal/span_source.ts";
import { settlesWithin } from "../internal/timers.ts";
import { ConsoleBridge, withConsoleLogs } from "./logging/console_bridge.ts";
import type { LogSink } from "./logging/log_record.ts";
import { LoggingSubscriber } from "./logging/logging_subscriber.ts";
import type { LoggingSubscriberOptions } from "./logging/options.ts";
import { MIRROR, type WithMirror } from "./metrics/mirror.ts";
import { MetricsSubscriber } from "./metrics/metrics_subscriber.ts";
import type { CollectedMetric } from "./metrics/series.ts";
import type { Meter, SpanContext, TracerLike } from "./otel_api.ts";
import { observeBus } from "./self_metrics/observe_bus.ts";
import { observeSubscribers } from "./self_metrics/observe_subscribers.ts";
import { SpanRegistry } from "./tracing/span_registry.ts";
import { spanSourceOfSubscriber, TracingSubscriber } from "./tracing/tracing_subscriber.ts";

/**
 * The limits that {@linkcode subscribeCatalog} hands on, under the names that subscribers have for
 * them.
 */
export interface CatalogLimits {
  /** Log records below this level are not built. Default: `"info"`. */
  readonly minLevel?: LoggingSubscriberOptions<AnyEvents>["minLevel"] | undefined;
  /** What to redact in all log records; see `LogDeclaration.redact`. Default: nothing. */
  readonly redact?: readonly string[] | undefined;
  /** How many log records of one event type, below `warn`, are written per second. Default: 100. */
  readonly maxPerSecond?: number | undefined;
  /** Of how many sessions log records below `warn` are written, from 0 to 1. Default: 1. */
  readonly sessionSampleRatio?: number | undefined;
  /** How many log records of one type may wait for an async sink. Default: 500. */
  readonly maxPending?: number | undefined;
  /** How soon suppressed log records are reported, in milliseconds. Default: 1,000. */
  readonly suppressedIntervalMs?: number | undefined;
  /** How many starts may wait for their end, of each duration and of all spans. Default: 10,000. */
  readonly maxOpenPairs?: number | undefined;
  /** How long a start may wait for its end, in milliseconds. Default: 600,000, ten minutes. */
  readonly maxPairAgeMs?: number | undefined;
}

/** The options of {@linkcode subscribeCatalog}: at least one way out. */
export interface SubscribeCatalogOptions<Events extends object = AnyEvents> extends CatalogLimits {
  /** Where metrics are recorded, unless they are collected, and where the bus's own are. */
  readonly meter?: Meter | undefined;
  /**
   * Whether metrics are added up for `CatalogSubscription.collect`, from where a
   * `createMetricProducer` hands them to a reader: cheaper, and with exemplars. Default: `false`.
   */
  readonly collect?: boolean | undefined;
  /** Where spans are started. Default: none are. */
  readonly tracer?: TracerLike | undefined;
  /** Where log records go. Default: none are built. */
  readonly sink?: LogSink | readonly LogSink[] | undefined;
  /**
   * Whether what other code writes by `console.log`, `info`, `warn`, `error`, `debug` and `trace` becomes log
   * records, with the session that it was written in, as events of the type `console`; what `dir`, `table`
   * and the others write is left alone. Sinks and loggers write to the console that there was before, which is
   * there again when this ends. What the bus does not take is written there, too. A text is not
   * redacted; a log of the type `console` in the catalog says what else becomes of it. Default: `false`.
   */
  readonly captureConsole?: boolean | undefined;
  /** Further subscribers, which are registered, observed and ended with these. Default: none. */
  readonly subscribers?: readonly EventSubscriber<Events>[] | undefined;
  /**
   * Whether collected histograms hold exemplars, if there are spans to refer to. Default: `true`.
   */
  readonly exemplars?: boolean | undefined;
  /** The prefix of the bus's own metrics. Default: `"busbar"`. */
  readonly selfMetricsPrefix?: string | undefined;
  /** The attribute of spans that holds the session. Default: none does. */
  readonly sessionIdAttribute?: string | undefined;
  /** The attribute of spans that holds the operation id. Default: none does. */
  readonly operationIdAttribute?: string | undefined;
  /** See `TracingSubscriberOptions.deferAttributes`. Default: `false`. */
  readonly deferAttributes?: boolean | undefined;
  /** Where the subscribers log their own problems. Default: `console`. */
  readonly logger?: Logger | undefined;
  /** Disposes the subscription when it aborts. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@linkcode subscribeCatalog} registered. */
export interface CatalogSubscription extends Disposable {
  /**
   * A copy of all series, cumulative since the registration; empty unless metrics are collected.
   */
  collect(): CollectedMetric[];
  /** The same, made in slices that leave the event loop free; see `MetricsSubscriber`. */
  collectInSlices(): Promise<CollectedMetric[]>;
  /** What identifies the open span of an operation or a session; see `TracingSubscriber`. */
  spanContext(sessionId: string, operationId?: string): SpanContext | undefined;
  /**
   * Changes from which level on log records are built, from now on. A sink's own level stays.
   *
   * @param level `undefined` for the one that there was at the beginning; of a type, for that of the others
   * @param type the type that it is changed for. Default: all that have none of their own
   * @throws {TypeError} if the level is none, or the type is not declared to be logged
   */
  setLogLevel(level: LogLevel | undefined, type?: string): void;
  /**
   * Unregisters all of it and shuts the subscribers down, for a bus that goes on; `EventBus.stop`
   * does the same for a bus that does not. A second call returns the first one's result.
   *
   * @returns `false` if the timeout was reached or the signal aborted
   * @throws what a subscriber threw; an `AggregateError` if several threw
   * @throws {RangeError} if `timeoutMs` is not a number of at least 0; nothing has ended then
   */
  shutdown(options?: DeadlineOptions): Promise<boolean>;
  /** Unregisters all of it. The subscribers are not shut down. */
  [Symbol.dispose](): void;
}

const ACTION = "subscribe a catalog";

/** The limits, by name. */
export const CATALOG_LIMITS: readonly (keyof CatalogLimits)[] = Object.freeze([
  "minLevel",
  "redact",
  "maxPerSecond",
  "sessionSampleRatio",
  "maxPending",
  "suppressedIntervalMs",
  "maxOpenPairs",
  "maxPairAgeMs",
]);

const OPTIONS: readonly string[] = [
  "meter",
  "collect",
  "tracer",
  "sink",
  "captureConsole",
  "subscribers",
  "exemplars",
  "selfMetricsPrefix",
  "sessionIdAttribute",
  "operationIdAttribute",
  "deferAttributes",
  "logger",
  "signal",
  ...CATALOG_LIMITS,
];

/**
 * Registers, in one call, the subscribers that turn a bus's events into what a catalog declares,
 * and the metrics of the bus and of these subscribers. It is for those who have an OpenTelemetry
 * SDK of their own; `startObservability` brings one along.
 *
 * - With a `tracer`, log records and exemplars refer to the span that their event belongs to.
 * - Several catalogs, in a list, are one: what they declare under one name must be the same.
 * - What the catalog declares, but has no way out here, is left out: no `sink`, no log records.
 * - If one subscriber is refused, none stays registered.
 * - On a disabled bus it registers nothing.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { declare } from "@busbar/busbar/catalog";
 * import { subscribeCatalog } from "@busbar/busbar/subscribers";
 *
 * interface ShopEvents {
 *   "order": { status: string };
 * }
 * const { catalog, counter } = declare<ShopEvents>();
 * const shop = catalog({
 *   metrics: { "shop.orders": counter("order") },
 *   logs: { "order": { level: "info" } },
 * });
 *
 * const lines: string[] = [];
 * await using bus = new EventBus<ShopEvents>().start();
 * using subscription = subscribeCatalog(bus, shop, {
 *   collect: true,
 *   sink: (record) => void lines.push(record.body),
 * });
 * bus.publish("order", { status: "ok" });
 * await bus.flush();
 * const [orders] = subscription.collect();
 * if (orders?.kind !== "counter" || orders.points[0]?.value !== 1) throw new Error("not counted");
 * if (lines.length !== 1) throw new Error("not logged");
 * ```
 *
 * @throws {TypeError} if there is no way out, an option is unknown or of the wrong type, or
 * catalogs contradict each other
 * @throws {RangeError} if a limit is out of range
 */
export function subscribeCatalog<Events extends object>(
  bus: EventBus<Events>,
  catalog: Catalog<NoInfer<Events>> | readonly Catalog<NoInfer<Events>>[],
  options: SubscribeCatalogOptions<Events>,
): CatalogSubscription {
  checkOptions(options);
  const combined = combineCatalogs(catalog) as Catalog<Events>;
  const { signal } = options;
  if (!bus.enabled || signal?.aborted) {
    return {
      collect: () => [],
      collectInSlices: () => Promise.resolve([]),
      spanContext: () => undefined,
      setLogLevel: () => {},
      shutdown: () => Promise.resolve(true),
      [Symbol.dispose]: () => {},
    };
  }
  const bridge = options.captureConsole ? new ConsoleBridge(bus) : undefined;
  const { metrics, tracing, logging } = createSubscribers(combined, options, bridge);
  const registered = new Map<EventSubscriber<Events>, Disposable>();
  const observations: Disposable[] = [];
  let isDisposed = false;
  const dispose = () => {
    isDisposed = true;
    signal?.removeEventListener("abort", dispose);
    for (const one of [...registered.values(), ...observations]) one[Symbol.dispose]();
  };
  // Before it is registered: one that knows its bus is told of that bus's operations alone.
  const spans = tracing && spanSourceOfSubscriber(tracing);
  try {
    // Tracing comes first: the others ask which span an event belongs to.
    for (const one of [tracing, metrics, logging, ...options.subscribers ?? []]) {
      if (one !== undefined) registered.set(one, bus.registerSubscriber(one));
    }
    if (spans !== undefined) observations.push(provideSpanSource(bus, spans));
    if (bridge !== undefined) {
      bridge.start();
      observations.push(bridge);
    }
    if (options.meter !== undefined) {
      // Last, for a slice's duration is measured up to there.
      const self = { meter: options.meter, prefix: options.selfMetricsPrefix };
      observations.push(observeBus(bus, self));
      observations.push(observeSubscribers({ metrics, tracing, logging }, self));
    }
  } catch (error) {
    dispose();
    throw error;
  }
  signal?.addEventListener("abort", dispose);
  let ended: Promise<boolean> | undefined;
  return {
    collect: () => options.collect ? metrics?.collect() ?? [] : [],
    collectInSlices: async () => options.collect ? await metrics?.collectInSlices() ?? [] : [],
    spanContext: (sessionId, operationId) => tracing?.spanContext(sessionId, operationId),
    setLogLevel: (level, type) => {
      if (!logging?.setMinLevel(level, type)) return;
      const registration = registered.get(logging);
      if (registration === undefined || isDisposed) return;
      // It is subscribed to what its levels reach, and to no more.
      registration[Symbol.dispose]();
      registered.set(logging, bus.registerSubscriber(logging));
    },
    shutdown: async (deadline = {}) => {
      const timeoutMs = resolveTimeoutMs("shut the subscribers down", deadline);
      dispose();
      return await (ended ??= shutdownAll([...registered.keys()], timeoutMs, deadline.signal));
    },
    [Symbol.dispose]: dispose,
  };
}

function createSubscribers<Events extends object>(
  catalog: Catalog<Events>,
  options: SubscribeCatalogOptions<Events>,
  bridge: ConsoleBridge | undefined,
) {
  const { meter, collect, tracer, sink, logger, exemplars = true } = options;
  const { maxOpenPairs, maxPairAgeMs } = options;
  const { metrics = {}, spans = {} } = catalog;
  const logs = bridge === undefined ? catalog.logs : withConsoleLogs<Events>(catalog.logs);
  const registry = new SpanRegistry();
  const contextOf = registry.contextOf.bind(registry);
  const tracing = tracer === undefined ? undefined : new TracingSubscriber<Events>({
    tracer,
    spans,
    registry,
    maxOpenPairs,
    maxPairAgeMs,
    sessionIdAttribute: options.sessionIdAttribute,
    operationIdAttribute: options.operationIdAttribute,
    deferAttributes: options.deferAttributes,
    logger,
  });
  const counted = collect || meter !== undefined
    ? new MetricsSubscriber<Events>({
      metrics,
      meter: collect ? undefined : meter,
      contextOf: exemplars ? contextOf : undefined,
      maxOpenPairs,
      maxPairAgeMs,
      logger,
      // Handed on by those who have one: it is no option of the public.
      ...{ [MIRROR]: (options as WithMirror)[MIRROR] },
    })
    : undefined;
  const logging = sink === undefined || logs === undefined
    ? undefined
    : new LoggingSubscriber<Events>({
      logs,
      sink: bridge === undefined ? sink : [sink].flat().map((one) => bridge.marked(one)),
      contextOf,
      minLevel: options.minLevel,
      redact: options.redact,
      maxPerSecond: options.maxPerSecond,
      sessionSampleRatio: options.sessionSampleRatio,
      maxPending: options.maxPending,
      suppressedIntervalMs: options.suppressedIntervalMs,
      logger,
    });
  return { metrics: counted, tracing, logging };
}

function checkOptions<Events extends object>(options: SubscribeCatalogOptions<Events>): void {
  assertKnownNames(ACTION, "option", options, OPTIONS);
  const { meter, collect, tracer, sink, subscribers } = options;
  if (
    meter === undefined && !collect && [tracer, sink, subscribers].every((o) => o === undefined)
  ) {
    throw new TypeError(
      `Cannot ${ACTION}: options must have a meter, collect, a tracer or a sink, received none`,
    );
  }
  if (options.captureConsole && sink === undefined) {
    invalidArgument(TypeError, ACTION, "sink", "there for captureConsole", sink);
  }
  for (const flag of ["collect", "captureConsole", "exemplars", "deferAttributes"] as const) {
    const value = options[flag];
    if (value !== undefined && typeof value !== "boolean") {
      invalidArgument(TypeError, ACTION, flag, "true or false", value);
    }
  }
  if (tracer !== undefined) {
    assertFunction(ACTION, "tracer.startSpan", (tracer as Partial<TracerLike> | null)?.startSpan);
  }
}

async function shutdownAll<Events extends object>(
  subscribers: readonly EventSubscriber<Events>[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const endings = awaitInNeutralContext(() =>
    Promise.allSettled(subscribers.map(async (one) => await one.shutdown?.()))
  );
  // A signal that has aborted already leaves them no more than a turn of the event loop.
  if (!await settlesWithin(signal?.aborted ? 0 : timeoutMs, endings, signal)) return false;
  const errors = (await endings).flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  if (errors.length > 0) throw toSingleError(errors, "Cannot shut the subscribers down");
  return true;
}
