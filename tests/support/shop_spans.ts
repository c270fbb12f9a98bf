import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { EventBus, EventBusOptions } from "@busbar/busbar";
import { type Catalog, declare } from "@busbar/busbar/catalog";
import { BusTracer } from "@busbar/busbar/otel";
import { type LogRecord, subscribeCatalog } from "@busbar/busbar/subscribers";
import { contextBus, type ShopEvents } from "./contexts.ts";

const { catalog, span } = declare<ShopEvents>();

/** Both pairs as spans, and the note as a log record. */
export const SHOP = catalog({
  spans: {
    checkout: span("checkout.start", "checkout.end"),
    charge: span("charge.start", "charge.end"),
    step: span("step.start", "step.end"),
  },
  logs: { note: { level: "info" } },
});

/** Has spans made of a bus's events, too. @returns where they go */
export function tracesOf(bus: EventBus<ShopEvents>): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  subscribeCatalog(bus, SHOP, { tracer: new BusTracer({ processor, scopeName: "others" }) });
  return exporter;
}

/** How the bus of {@linkcode tracedShop} differs. */
export interface TracedShopOptions {
  /** A `BusTracer`, which says a span's ids beforehand, or one of the SDK, which does not. */
  readonly tracer?: "bus" | "sdk";
  readonly catalog?: Catalog<ShopEvents>;
  readonly sampler?: Sampler;
  readonly bus?: EventBusOptions;
  readonly maxOpenPairs?: number;
}

/** A bus that knows the current context and makes spans and log records. */
export function tracedShop(
  { tracer = "bus", catalog = SHOP, sampler, bus: options, maxOpenPairs }: TracedShopOptions = {},
) {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor({ exporter });
  const sampling = sampler === undefined ? {} : { sampler };
  const provider = new TracerProvider({ spanProcessors: [processor], ...sampling });
  const { bus, lines } = contextBus(options);
  const records: LogRecord[] = [];
  const subscription = subscribeCatalog(bus, catalog, {
    tracer: tracer === "sdk"
      ? provider.getTracer("shop")
      : new BusTracer({ processor, scopeName: "shop", ...sampling }),
    maxOpenPairs,
    sink: (record) => void records.push(record),
  });
  return {
    bus,
    lines,
    records,
    subscription,
    /** Stops the bus. @returns the spans, in the order of their ends */
    async spans(): Promise<readonly ReadableSpan[]> {
      await bus.stop();
      await processor.forceFlush();
      return exporter.getFinishedSpans();
    },
  };
}
