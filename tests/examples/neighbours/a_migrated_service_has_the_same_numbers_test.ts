import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { startObservability } from "@busbar/busbar/observability";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { parsePrometheus } from "../../support/exposition.ts";

/** One request, as a service knows it at its end. */
interface Request {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  readonly bytes: number;
}

const ROUTES = ["/items/:id", 'with "quotes"\\', "unmatched"];
/** Each is the same in both services; values on, between and beyond the bounds of buckets. */
const REQUESTS: readonly Request[] = Array.from({ length: 240 }, (_, i) => ({
  method: i % 5 === 0 ? "POST" : "GET",
  route: ROUTES[i % 3]!,
  status: [200, 404, 500][i % 7 % 3]!,
  seconds: [0.005, 0.0049, 0.3, 1, 12, 0][i % 6]! + (i % 11) / 64,
  bytes: i * 100,
}));
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The service as it was: docs/migrate/from-prom-client.md, step 1. */
async function before(): Promise<string> {
  const register = new Registry();
  const registers = [register];
  const labelNames = ["method", "route", "status"];
  const requests = new Counter({
    name: "http_requests_total",
    help: "Requests",
    labelNames,
    registers,
  });
  const durations = new Histogram({
    name: "http_request_duration_seconds",
    help: "Request duration",
    labelNames,
    registers,
  });
  const bytes = new Counter({ name: "http_bytes_total", help: "Bytes", registers });
  const last = new Gauge({ name: "http_last_status", help: "The last status", registers });
  const open = new Gauge({ name: "http_open", help: "Open requests", registers });
  const lost = new Counter({ name: "http_lost_total", help: "Never", registers });
  for (const { method, route, status, seconds, bytes: size } of REQUESTS) {
    open.inc();
    const labels = { method, route, status };
    requests.inc(labels);
    durations.observe(labels, seconds);
    bytes.inc(size);
    last.set(status);
    if (status !== 500) open.dec();
  }
  lost.inc(0);
  return await register.metrics();
}

interface HttpEvents {
  "http.start": undefined;
  "http.end": Request;
  "http.lost": undefined;
}

/** The service as the guide makes it: steps 3 and 4. */
async function after(): Promise<string> {
  const { catalog, counter, gauge, histogram, upDownCounter } = declare<HttpEvents>();
  const labels = ({ metadata: { method, route, status } }: { metadata: Request }) => (
    { method, route, status }
  );
  const metrics = catalog({
    metrics: {
      http_requests_total: counter("http.end", { description: "Requests", attributes: labels }),
      http_request_duration_seconds: histogram("http.end", {
        description: "Request duration",
        unit: "s",
        buckets: BUCKETS,
        value: ({ metadata }) => metadata.seconds,
        attributes: labels,
      }),
      http_bytes_total: counter("http.end", {
        description: "Bytes",
        value: ({ metadata }) => metadata.bytes,
      }),
      http_last_status: gauge("http.end", {
        description: "The last status",
        value: ({ metadata }) => metadata.status,
      }),
      http_open: upDownCounter(["http.start", "http.end"], {
        description: "Open requests",
        value: ({ type, metadata }) =>
          type === "http.start" ? 1 : metadata?.status === 500 ? 0 : -1,
      }),
      http_lost_total: counter("http.lost", { description: "Never" }),
    },
  });
  const obs = await startObservability({
    catalog: metrics,
    server: false,
    runtimeMetrics: false,
    env: () => undefined,
  });
  for (const request of REQUESTS) {
    obs.bus.publish("http.start");
    obs.bus.publish("http.end", request);
  }
  await obs.flush();
  const scrape = await obs.scrape();
  await obs.shutdown();
  return scrape;
}

/** All that a Prometheus reads of the service's own metrics. */
function read(text: string) {
  return Object.fromEntries(
    [...parsePrometheus(text.replace(/\n+/g, "\n"))] // prom-client has empty lines
      .filter(([name]) => name.startsWith("http_"))
      .map(([name, { type, help, samples }]): [string, object] => [
        name,
        // Both add up in the order of the requests, in floating point.
        { type, help, samples: Object.fromEntries([...samples].sort()) },
      ])
      .sort(([a], [b]) => a < b ? -1 : 1),
  );
}

Deno.test("a service that was moved from prom-client by the guide has the same numbers", async () => {
  const was = read(await before());
  assertEquals(Object.keys(was).length, 6);
  assertEquals(read(await after()), was);
});
