import type { LogLevel } from "../catalog/log.ts";
import { monotonicMs } from "../internal/clocks.ts";
import type { EventBus } from "../library/event_bus.ts";
import type { AnyEvents } from "../events/event_map.ts";
import type { NodeHandler } from "../http/node_handler.ts";
import type { DeadlineOptions } from "../library/options.ts";
import { resolveTimeoutMs } from "../internal/deadline.ts";
import type { ScrapeFormat } from "../otel/prometheus/scrape_format.ts";
import type { SpanContext } from "../subscribers/otel_api.ts";
import type { CatalogSubscription } from "../subscribers/subscribe_catalog.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import type { Endpoints } from "./endpoints.ts";
import type { MetricsPort } from "./listen.ts";
import { createShutdown, type ShutdownOptions } from "./shutdown.ts";
import { runSteps, type Step } from "./steps.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** What `startObservability` returns. */
export interface Observability<Events extends object = AnyEvents> extends AsyncDisposable {
  /** The bus to publish events to. */
  readonly bus: EventBus<Events>;
  /** The configuration in force. */
  readonly config: ObservabilityConfig;
  /**
   * The URL that metrics are served at; absent if they are not. Of several threads (the option
   * `threads`) one serves there for all.
   */
  readonly metricsUrl?: string;
  /**
   * Answers `/metrics`, `/healthz`, `/readyz`, `/stats` and the program's further routes, below any
   * path: for `Deno.serve`, `Bun.serve`, Hono and whatever has a `Request`. Whoever you let through
   * is answered, unless there is a `token` or `allowedHosts`.
   */
  readonly handler: (request: Request) => Promise<Response>;
  /**
   * The same for `node:http` and what is built on it, such as Express. As a middleware it leaves to
   * others what it has no route for.
   */
  readonly nodeHandler: NodeHandler;
  /**
   * Resolves to the metrics as Prometheus reads them, for a server or a test of one's own. They are
   * there whether or not they are served.
   *
   * @param format `"prometheus"`, the text format, which is the default, or `"openmetrics"`
   * @throws {Error} if there is nothing to read: observability or its metrics are disabled, or the
   * runtime's own OpenTelemetry has them
   */
  scrape(format?: ScrapeFormat): Promise<string>;
  /**
   * What identifies the open span of an operation, or else of a session: its root, or the span opened
   * last. `undefined` if none is open, or spans are not made.
   *
   * @param operationId the operation that its events have as their id
   */
  spanContext(sessionId: string, operationId?: string): SpanContext | undefined;
  /**
   * Changes from which level on log records are built, from now on, such as in a route of the operators. A
   * sink's own level stays.
   *
   * @param level `undefined` for the one that there was at the start; of a type, for that of the others
   * @param type the event type that it is changed for. Default: all that have none of their own
   * @throws {TypeError} if the level is none, or the type is not declared to be logged
   */
  setLogLevel(level: LogLevel | undefined, type?: string): void;
  /**
   * Resolves when everything published before the call has passed through the bus, its subscribers
   * and the exporters. Whatever fails meanwhile, it does not reject.
   *
   * @returns `false` if something failed, a receiver refused a push, the timeout was reached or the
   * signal aborted
   * @throws {RangeError} if `timeoutMs` is not a number of at least 0
   */
  flush(options?: DeadlineOptions): Promise<boolean>;
  /**
   * Shuts down in this order: `/readyz` answers 503, everything goes on for `drainMs`, what `close`
   * closes is closed, the bus drains, its subscribers flush, the exporters push what they hold, the
   * server closes. Each step after the drain may use the time that the earlier ones left of
   * `timeoutMs`; the pushes of spans, log records and metrics wait for each other for half of it only,
   * and one that is still in progress at its end is cut off. A second call returns the first
   * one's result.
   *
   * A bus that was passed in goes on; the subscribers that were registered on it here are shut down
   * and unregistered.
   *
   * @throws {AggregateError} after all steps, if one failed or did not finish in time
   * @throws {RangeError} if `timeoutMs` or `drainMs` is not a number of at least 0
   * @throws {TypeError} if an option is unknown, or `close` is not a function
   */
  shutdown(options?: ShutdownOptions): Promise<void>;
}

/** What it is made of. */
export interface Parts<Events extends object> {
  readonly bus: EventBus<Events>;
  /** Whether the bus was created here, so that its end is the bus's end. */
  readonly ownsBus: boolean;
  readonly config: ObservabilityConfig;
  readonly telemetry: Telemetry;
  readonly subscription: CatalogSubscription;
  /** What else ends at the shutdown: observations, hooks, global providers. */
  readonly registrations: readonly Disposable[];
  readonly endpoints: Endpoints;
  readonly server: MetricsPort | undefined;
  /** What it has for itself until all of it has ended. */
  readonly claims: Disposable;
}

/** The share of a shutdown's time that the bus and the subscribers may use. */
const BUS_SHARE = 0.6;
/** The share of what is left then that clients get; there must be time to cut them off. */
const CLIENTS_SHARE = 0.8;

/** The handle on what was started. */
export function createHandle<Events extends object>(parts: Parts<Events>): Observability<Events> {
  const { bus, config, telemetry, endpoints, server, claims } = parts;
  const shutdown = createShutdown({
    endpoints,
    steps: (signal) => shutdownSteps(parts, signal),
    afterwards: () => {
      telemetry.abort();
      claims[Symbol.dispose]();
    },
  });
  const observability: Observability<Events> = {
    bus,
    config,
    handler: endpoints.handler,
    nodeHandler: endpoints.nodeHandler,
    scrape: async (format = "prometheus") => {
      if (telemetry.scrape === undefined) throw nothingToScrape(config);
      return await telemetry.scrape(format);
    },
    spanContext: (sessionId, operationId) => parts.subscription.spanContext(sessionId, operationId),
    setLogLevel: (level, type) => parts.subscription.setLogLevel(level, type),
    flush: (options = {}) => flush(parts, options),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
  if (server === undefined) return observability;
  // Of several threads another one may serve them later, at another port.
  const get = () => server.metricsUrl;
  return Object.defineProperty(observability, "metricsUrl", { enumerable: true, get });
}

/** The handle on observability that is disabled: what the program has goes on, and ends, all the same. */
export function createDisabledHandle<Events extends object>(
  { bus, config, endpoints, registrations }: Pick<
    Parts<Events>,
    "bus" | "config" | "endpoints" | "registrations"
  >,
): Observability<Events> {
  const shutdown = createShutdown({
    endpoints,
    steps: () => [],
    afterwards: () => {
      for (const one of registrations) one[Symbol.dispose]();
    },
  });
  return {
    bus,
    config,
    handler: endpoints.handler,
    nodeHandler: endpoints.nodeHandler,
    scrape: () => Promise.reject(nothingToScrape(config)),
    spanContext: () => undefined,
    setLogLevel: () => {},
    flush: () => Promise.resolve(true),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}

async function flush<Events extends object>(
  { bus, telemetry }: Parts<Events>,
  options: DeadlineOptions,
): Promise<boolean> {
  const timeoutMs = resolveTimeoutMs("flush observability", options);
  const until = monotonicMs() + timeoutMs;
  const lostBefore = lostItems(telemetry);
  const drained = await bus.flush({ timeoutMs, signal: options.signal });
  try {
    await runSteps(telemetry.flushSteps, {
      timeoutMs: Math.max(0, until - monotonicMs()),
      signal: options.signal,
    });
    return drained && lostItems(telemetry) === lostBefore;
  } catch {
    // Each failure has been counted and reported by the exporter that it happened in.
    return false;
  }
}

function shutdownSteps<Events extends object>(
  { bus, ownsBus, telemetry, subscription, registrations, server }: Parts<Events>,
  signal: AbortSignal | undefined,
): Step[] {
  const drainBus: Step = {
    name: "drain the bus",
    run: async (remainingMs) => {
      // The exporters come after it: it may not take all of the time.
      const timeoutMs = remainingMs * BUS_SHARE;
      if (ownsBus) {
        const { timedOut, leftOver } = await bus.stop({ timeoutMs, signal });
        if (timedOut) throw new Error(`its time ran out, and ${leftOver} events were left over`);
      } else if (!await bus.flush({ timeoutMs, signal })) {
        throw new Error("its time ran out");
      }
    },
  };
  /** A bus that goes on ends none of them; what they hold must be there before the last push. */
  const endSubscribers: Step = {
    name: "shut the subscribers down",
    run: async (remainingMs) => {
      const timeoutMs = remainingMs * BUS_SHARE;
      if (!await subscription.shutdown({ timeoutMs, signal })) {
        throw new Error("their time ran out");
      }
    },
  };
  const unregister: Step = {
    name: "unregister",
    run: () => {
      for (const one of [subscription, ...registrations]) one[Symbol.dispose]();
      return Promise.resolve();
    },
  };
  const closeServer: Step = {
    name: "close the metrics server",
    run: async (remainingMs) => await server?.shutdown({ timeoutMs: remainingMs * CLIENTS_SHARE }),
  };
  return [
    drainBus,
    ...(ownsBus ? [] : [endSubscribers]),
    ...telemetry.shutdownSteps,
    unregister,
    closeServer,
  ];
}

/** How many spans, log records and data points were not exported so far. */
function lostItems({ exportStats }: Telemetry): number {
  return Object.values(exportStats())
    .reduce((sum, { failed, dropped }) => sum + failed + dropped, 0);
}

function nothingToScrape(config: ObservabilityConfig): Error {
  const reason = !config.enabled
    ? "observability is disabled"
    : config.runtimeTelemetry
    ? "the runtime's own OpenTelemetry has the metrics (OTEL_DENO=true)"
    : "metrics are disabled";
  return new Error(`Cannot scrape: ${reason}`);
}
