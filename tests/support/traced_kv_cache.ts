import { InMemorySpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { EventBus } from "@busbar/busbar";
import {
  type KvCacheEvents,
  type KvCacheOptions,
  type LogRecord,
  registerKvCache,
} from "@busbar/busbar/kv-cache";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "./quiet_bus.ts";
import { example } from "./kv_cache_events.ts";
import { T0 } from "./tracing_bus.ts";

type Example<Type extends keyof KvCacheEvents> = Partial<NonNullable<KvCacheEvents[Type]>>;

/** A bus whose events become LMCache's spans and log records. */
export function tracedKvCache(options: Partial<KvCacheOptions> = {}) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const records: LogRecord[] = [];
  const logger = new MemoryLogger();
  const clock = new ManualClock(T0);
  const bus = new EventBus<KvCacheEvents>({
    logger,
    clock: clock.now,
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  const registration = registerKvCache(bus, {
    collect: true,
    tracer: provider.getTracer("test"),
    logSink: (record) => void records.push(record),
    logger,
    ...options,
  });
  return {
    bus,
    clock,
    registration,
    records,
    lines: logger.lines,
    /** Publishes an example with fields of one's own, at `T0 + at`, in the session `s`. */
    publish<Type extends keyof KvCacheEvents>(
      type: Type,
      at: number,
      fields: Example<Type> = {},
      init: {
        sessionId?: string;
        operationId?: string;
        traceparent?: string;
        tracestate?: string;
      } = {},
    ) {
      clock.timeMs = T0 + at;
      const given = { sessionId: "s", ...init, timestamp: T0 + at };
      (bus as EventBus).publish(type, example(type, fields as never), given);
    },
    async spans(): Promise<ReadableSpan[]> {
      await bus.flush();
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
    async stop(): Promise<ReadableSpan[]> {
      await bus.stop();
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
    async [Symbol.asyncDispose]() {
      await bus.stop();
      await provider.forceFlush();
      await provider.shutdown();
    },
  };
}

/** Spans as `name < parent`, in the order of their ends. */
export function tree(spans: readonly ReadableSpan[]): string[] {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  return spans.map(({ name, parentSpanContext }) => {
    const parent = parentSpanContext && (names.get(parentSpanContext.spanId) ?? "remote");
    return parent === undefined ? name : `${name} < ${parent}`;
  });
}
