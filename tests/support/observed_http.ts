import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import { combineCatalogs, declare } from "@busbar/busbar/catalog";
import { currentContext } from "@busbar/busbar/context";
import {
  httpServerCatalog,
  type HttpServerEvents,
  type HttpServerRequestEnd,
} from "@busbar/busbar/instrumentation/http";
import { BusTracer } from "@busbar/busbar/otel";
import { type CollectedMetric, type LogRecord, subscribeCatalog } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "./quiet_bus.ts";

/** What the services of these tests publish beside their requests. */
interface StockEvents {
  "stock.read.start": { item: string };
  "stock.read.end": { item: string };
}

/** All of it. */
export type ServiceEvents = HttpServerEvents & StockEvents;

const { catalog, duration, span } = declare<StockEvents>();
const stock = catalog({
  metrics: { "stock.read.duration": duration("stock.read.start", "stock.read.end") },
  spans: { "stock.read": span("stock.read.start", "stock.read.end") },
  logs: { "stock.read.end": { level: "info" } },
});

/** What came of a service's requests. */
export interface Observed {
  readonly ends: readonly HttpServerRequestEnd[];
  readonly spans: readonly ReadableSpan[];
  readonly records: readonly LogRecord[];
  readonly metrics: readonly CollectedMetric[];
  readonly lines: readonly string[];
}

/** A bus whose events become spans, metrics and log records that a test can read. */
export function observedHttp() {
  const exporter = new InMemorySpanExporter();
  const logger = new MemoryLogger();
  const bus = new EventBus<ServiceEvents>({
    context: currentContext,
    logger,
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  const records: LogRecord[] = [];
  const processor = new SimpleSpanProcessor({ exporter });
  const subscription = subscribeCatalog(bus, combineCatalogs([httpServerCatalog, stock]), {
    collect: true,
    tracer: new BusTracer({ processor, scopeName: "service" }),
    sink: (record) => void records.push(record),
    maxPerSecond: Infinity,
    logger,
  });
  const ends: HttpServerRequestEnd[] = [];
  const waiting: (() => void)[] = [];
  bus.subscribe("http.server.request.end", ({ metadata }) => {
    ends.push(metadata);
    for (const look of waiting) look();
  });
  return {
    bus,
    /** Resolves when so many requests have ended. */
    ended: (count: number): Promise<void> =>
      new Promise((resolve) => {
        const look = () => ends.length >= count && resolve();
        waiting.push(look);
        look();
      }),
    /** Stops the bus. @returns what has been observed */
    async observed(): Promise<Observed> {
      await bus.stop();
      await processor.forceFlush();
      const metrics = subscription.collect();
      const spans = exporter.getFinishedSpans();
      return { ends, spans, records, metrics, lines: logger.lines };
    },
  };
}

/** What the services do with an item: they know nothing of requests. */
export async function readStock(bus: EventBus<ServiceEvents>, item: string): Promise<string> {
  bus.publish("stock.read.start", { item });
  await new Promise((resolve) => setTimeout(resolve, 0));
  bus.publish("stock.read.end", { item });
  return item;
}

/** The points of a metric. */
export function pointsOf({ metrics }: Observed, name: string) {
  return metrics.find((metric) => metric.name === name)?.points ?? [];
}
