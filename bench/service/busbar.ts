/** Two pairs of events, from which all else is made. */
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { jsonLinesSink } from "@busbar/busbar/subscribers";
import type { Instrumentation } from "./instrumentation.ts";
import { PATH, ROUTE, STATEMENT, TRACED } from "./request.ts";

interface ServiceEvents {
  "http.start": { method: string; path: string };
  "http.end": {
    method: string;
    route: string;
    status: number;
    error: string | undefined;
  };
  "db.start": { operationId: string; statement: string };
  "db.end": {
    operationId: string;
    statement: string;
    error: string | undefined;
  };
}

const { catalog, counter, duration, span } = declare<ServiceEvents>();
const declared = catalog({
  metrics: {
    "http.requests": counter("http.end", {
      attributes: ({ metadata: { method, route, status } }) => ({
        method,
        route,
        status,
      }),
    }),
    "http.request.duration": duration("http.start", "http.end", {
      attributes: ({ metadata: { method, route, status } }) => ({
        method,
        route,
        status,
      }),
    }),
    "db.query.duration": duration("db.start", "db.end", {
      attributes: ({ metadata: { statement } }) => ({ statement }),
    }),
  },
  spans: {
    "http.request": span("http.start", "http.end", {
      root: true,
      kind: "server",
      error: ({ metadata }) => metadata.error,
    }),
    "db.query": span("db.start", "db.end", {
      kind: "client",
      error: ({ metadata }) => metadata.error,
    }),
  },
  logs: {
    "http.end": {
      maxPerSecond: Infinity,
      level: ({ metadata }) => metadata.status >= 500 ? "error" : "info",
    },
  },
});

/** @param hooked the same calls, with a `publish` that does nothing */
export async function create({ hooked = false } = {}): Promise<Instrumentation<string>> {
  const obs = await startObservability({
    catalog: declared,
    serviceName: "api",
    tracingEnabled: TRACED,
    // The direct calls have none either.
    runtimeMetrics: false,
    prometheus: { port: 0 },
    logSink: jsonLinesSink(),
    exitHooks: { signals: [] },
  });
  const bus: Pick<typeof obs.bus, "publish"> = hooked ? { publish: () => true } : obs.bus;
  // As short as an id of the direct calls, which have none.
  let ids = 0;
  return {
    begin() {
      const sessionId = `r${++ids}`;
      bus.publish("http.start", { method: "GET", path: PATH }, { sessionId });
      return sessionId;
    },
    query(sessionId) {
      const operationId = `q${++ids}`;
      bus.publish("db.start", { operationId, statement: STATEMENT }, { sessionId });
      bus.publish("db.end", { operationId, statement: STATEMENT, error: undefined }, { sessionId });
    },
    end(sessionId) {
      const metadata = { method: "GET", route: ROUTE, status: 200, error: undefined };
      bus.publish("http.end", metadata, { sessionId });
    },
    async settle() {
      await obs.flush();
      const { droppedEventsCount } = obs.bus;
      if (droppedEventsCount > 0) throw new Error(`lost ${droppedEventsCount} events`);
      const text = await obs.scrape();
      const sample = (name: string) => {
        const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, "m").exec(text)?.[1];
        return Number(value ?? 0);
      };
      return {
        counted: sample("http_requests_total"),
        timed: sample("db_query_duration_seconds_count"),
      };
    },
    shutdown: () => obs.shutdown({ timeoutMs: 5_000 }),
  };
}
