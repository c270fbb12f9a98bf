import type { EventBus } from "../bus/event_bus.ts";
import type { EventSubscriber } from "../bus/event_subscriber.ts";
import { type DeadlineOptions, resolveTimeoutMs } from "../internal/deadline.ts";
import type { AnyEvents } from "../events/event_map.ts";
import type { MetricsServer } from "../http/metrics_server.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import { settlesWithin } from "../internal/timers.ts";
import { runSteps, type Step } from "./steps.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

/** What `startObservability` returns. */
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
   * @returns `false` if something failed, a receiver refused a push or the timeout was reached
   */
  flush(options?: DeadlineOptions): Promise<boolean>;
  /**
   * Shuts down in this order: the bus drains, its subscribers flush, the exporters push what they
   * hold, the server closes. Each step may use the time that the earlier ones left; a push that is
   * still in progress then is cut off. A second call returns the first one's result.
   *
   * A bus that was passed in goes on; the subscribers that were registered on it here are shut down
   * and unregistered.
   *
   * @throws {AggregateError} after all steps, if one failed or did not finish in time
   */
  shutdown(options?: DeadlineOptions): Promise<void>;
}

/** What it is made of. */
export interface Running<Events extends object> {
  readonly bus: EventBus<Events>;
  readonly ownsBus: boolean;
  readonly config: ObservabilityConfig;
  readonly telemetry: Telemetry;
  readonly subscribers: ReadonlyMap<EventSubscriber<Events>, Disposable>;
  readonly registrations: readonly Disposable[];
  readonly server: MetricsServer | undefined;
}

/** The handle on what was started: its flush and its shutdown. */
export function running<Events extends object>(parts: Running<Events>): Observability<Events> {
  const { bus, ownsBus, config, telemetry, subscribers, registrations, server } = parts;
  let ending: Promise<void> | undefined;

  const drainBus: Step = {
    name: "drain the bus",
    run: async (remainingMs) => {
      // The exporters come after it: it may not take all of the time.
      const timeoutMs = remainingMs * BUS_SHARE;
      if (ownsBus) {
        const { timedOut, leftOver } = await bus.stop({ timeoutMs });
        if (timedOut) throw new Error(`its time ran out, and ${leftOver} events were left over`);
      } else if (!await bus.flush({ timeoutMs })) {
        throw new Error("its time ran out");
      }
    },
  };
  /** A bus that goes on ends none of them; what they hold must be there before the last push. */
  const endSubscribers: Step = {
    name: "shut the subscribers down",
    run: async (remainingMs) => {
      const endings = [...subscribers].map(async ([subscriber, registration]) => {
        registration[Symbol.dispose]();
        await subscriber.shutdown?.();
      });
      // One that hangs may not take the exporters' time either.
      const timeoutMs = remainingMs * BUS_SHARE;
      if (!await settlesWithin(timeoutMs, Promise.allSettled(endings))) {
        throw new Error("their time ran out");
      }
      await Promise.all(endings);
    },
  };
  const unregister: Step = {
    name: "unregister",
    run: () => {
      for (const registration of registrations) registration[Symbol.dispose]();
      return Promise.resolve();
    },
  };
  const closeServer: Step = {
    name: "close the metrics server",
    run: async (remainingMs) => await server?.shutdown({ timeoutMs: remainingMs * CLIENTS_SHARE }),
  };

  const shutdown = (options: DeadlineOptions = {}): Promise<void> => {
    const timeoutMs = resolveTimeoutMs("shut observability down", options);
    return ending ??= runSteps([
      drainBus,
      ...(ownsBus ? [] : [endSubscribers]),
      ...telemetry.shutdownSteps,
      unregister,
      closeServer,
    ], timeoutMs).finally(() => telemetry.abort());
  };
  return {
    bus,
    config,
    ...(server === undefined ? {} : { metricsUrl: server.metricsUrl }),
    flush: async (options = {}) => {
      const timeoutMs = resolveTimeoutMs("flush observability", options);
      const until = performance.now() + timeoutMs;
      const lostBefore = lostItems(telemetry);
      const drained = await bus.flush({ timeoutMs });
      try {
        await runSteps(telemetry.flushSteps, Math.max(0, until - performance.now()));
        return drained && lostItems(telemetry) === lostBefore;
      } catch {
        // Each failure has been counted and told by the exporter that it happened in.
        return false;
      }
    },
    shutdown,
    [Symbol.asyncDispose]: () => shutdown(),
  };
}

/** How many spans, log records and data points were not exported so far. */
function lostItems({ exportCounts }: Telemetry): number {
  return Object.values(exportCounts())
    .reduce((sum, { failed, dropped }) => sum + failed + dropped, 0);
}

/** The bus's share of a shutdown's time. */
const BUS_SHARE = 0.6;
/** The share of what is left then that clients get; there must be time to cut them off. */
const CLIENTS_SHARE = 0.8;
