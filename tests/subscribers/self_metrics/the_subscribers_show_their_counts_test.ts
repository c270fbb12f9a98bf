import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import {
  LoggingSubscriber,
  MetricsSubscriber,
  observeSubscribers,
  TracingSubscriber,
} from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { INVALID_SPAN_CONTEXT, trace } from "@opentelemetry/api";
import { samples } from "../../support/samples.ts";

interface Events {
  "job.start": { id: number };
  "job.end": { id: number };
  "job.note": undefined;
}

const { catalog, counter, duration, span } = declare<Events>();
const jobs = catalog({
  metrics: {
    "jobs": counter("job.start", {
      attributes: ({ metadata }) => ({ id: metadata.id }),
      maxAttributeSets: 2,
    }),
    "wrong": counter("job.start", { value: () => -1 }),
    "job.duration": duration("job.start", "job.end", {
      operationId: ({ metadata }) => metadata.id,
    }),
  },
  spans: {
    job: span("job.start", "job.end", {
      operationId: ({ metadata }) => metadata?.id,
      events: "job.note",
    }),
  },
  logs: { "job.start": { level: "info", maxPerSecond: 3 } },
});

Deno.test("a scrape shows what stats() says of each subscriber", async () => {
  await using prometheus = new PrometheusMetrics({ serviceName: "s", serviceInstanceId: "i" });
  const logger = new MemoryLogger();
  const limits = { maxOpenPairs: 2, logger };
  const metrics = new MetricsSubscriber<Events>({ metrics: jobs.metrics, ...limits });
  const tracing = new TracingSubscriber<Events>({
    spans: jobs.spans,
    tracer: { startSpan: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT) },
    ...limits,
  });
  const hanging = Promise.withResolvers<void>();
  const logging = new LoggingSubscriber<Events>({
    logs: jobs.logs,
    sink: [
      function failing() {
        throw new Error("disk full");
      },
      function slow({ eventType }) {
        return eventType === "job.start" ? hanging.promise : undefined;
      },
    ],
    maxPending: 1,
  });
  const bus = new EventBus<Events>({ logger }).start();
  for (const subscriber of [metrics, tracing, logging]) bus.registerSubscriber(subscriber);
  using _observation = observeSubscribers({ metrics, tracing, logging }, {
    meter: prometheus.meter,
  });
  for (let id = 1; id <= 5; id++) {
    const init = { timestamp: 1_000, traceparent: id === 5 ? "00-no" : undefined };
    bus.publish("job.start", { id }, init);
  }
  bus.publish("job.end", { id: 1 }, { timestamp: 1_001 });
  bus.publish("job.end", { id: 5 }, { timestamp: 1_001 });
  bus.publish("job.note", undefined, { sessionId: "another" });
  bus.flushSync();

  const { "target_info": _, ...shown } = samples(await prometheus.scrape());
  const own = Object.fromEntries(
    Object.entries(shown).filter(([name]) => name.startsWith("busbar_")),
  );
  assertEquals(own, {
    'busbar_metrics_overflowed_values_total{metric="jobs"}': 4,
    'busbar_metrics_invalid_values_total{metric="wrong"}': 5,
    "busbar_metrics_open_pairs": 1,
    "busbar_metrics_expired_pairs_total": 3,
    "busbar_metrics_orphaned_ends_total": 1,
    "busbar_metrics_ambiguous_pairs_total": 0,
    "busbar_spans_open": 1,
    "busbar_spans_expired_total": 3,
    "busbar_spans_orphaned_ends_total": 1,
    "busbar_spans_ambiguous_pairs_total": 0,
    "busbar_spans_invalid_traceparents_total": 1,
    "busbar_spans_orphaned_events_total": 1,
    "busbar_spans_cut_texts_total": 0,
    "busbar_logs_cut_texts_total": 0,
    "busbar_logs_unsampled_records_total": 0,
    'busbar_logs_suppressed_records_total{event_type="job.start"}': 2,
    'busbar_logs_failed_records_total{sink="failing"}': 4,
    'busbar_logs_failed_records_total{sink="slow"}': 0,
    'busbar_logs_dropped_records_total{sink="failing"}': 0,
    'busbar_logs_dropped_records_total{sink="slow"}': 2,
  });
  assertEquals(metrics.stats().expiredPairs, 3);
  assertEquals(tracing.stats().expired, 3);
  assertEquals(logging.stats().sinks.map(({ dropped }) => dropped), [0, 2]);
  hanging.resolve();
  await bus.stop();
});
