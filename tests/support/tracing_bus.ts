import { InMemorySpanExporter, type ReadableSpan, type Sampler } from "@opentelemetry/sdk-trace";
import { SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { EventBus, type PublishInit } from "@busbar/busbar";
import type { SpanDeclaration } from "@busbar/busbar/catalog";
import {
  SpanRegistry,
  TracingSubscriber,
  type TracingSubscriberOptions,
} from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "./quiet_bus.ts";

/** The time at which these tests begin, in milliseconds since the epoch. */
export const T0 = 1_700_000_000_000;

/** What the tests' events may carry. */
export interface Metadata {
  readonly operationId?: string | number;
  readonly [name: string]: unknown;
}

/** Any type of event, with metadata of that kind. */
export type TestEvents = Record<string, Metadata | undefined>;

/** A bus with a tracing subscriber, whose ended spans can be read. */
export function tracedBus(
  spans: Record<string, SpanDeclaration<TestEvents>>,
  options: Partial<TracingSubscriberOptions<TestEvents>> & { sampler?: Sampler } = {},
) {
  const { sampler, ...others } = options;
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    ...(sampler === undefined ? {} : { sampler }),
  });
  const registry = new SpanRegistry();
  const logger = new MemoryLogger();
  const tracing = new TracingSubscriber<TestEvents>({
    tracer: provider.getTracer("test"),
    spans,
    registry,
    logger,
    ...others,
  });
  const clock = new ManualClock(T0);
  const bus = new EventBus<TestEvents>({
    clock: clock.now,
    logger: new MemoryLogger(),
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  bus.registerSubscriber(tracing);
  return {
    bus,
    /** The bus's clock: it shows when the last event was published. */
    clock,
    tracing,
    registry,
    lines: logger.lines,
    /** Publishes at `T0 + at`. */
    publish(type: string, at: number, metadata: Metadata = {}, init: PublishInit = {}) {
      clock.timeMs = T0 + at;
      bus.publish(type, metadata, { sessionId: "s", ...init, timestamp: T0 + at });
    },
    /** The spans that have ended, in that order. */
    async ended(): Promise<ReadableSpan[]> {
      await bus.flush();
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
    async stop(): Promise<ReadableSpan[]> {
      await bus.stop();
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
  };
}

/** A span's name, and its times relative to `T0`, in milliseconds. */
export function summary({ name, startTime, endTime }: ReadableSpan): [string, number, number] {
  const ms = ([seconds, nanos]: [number, number]) => seconds * 1e3 - T0 + nanos / 1e6;
  return [name, ms(startTime), ms(endTime)];
}

/** The one span of a name. */
export function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.filter((span) => span.name === name);
  if (found.length !== 1) throw new Error(`${found.length} spans are called ${name}`);
  return found[0] as ReadableSpan;
}

/** The name of a span's parent among others, `undefined` if it has none there. */
export function parentOf(spans: readonly ReadableSpan[], name: string): string | undefined {
  const { parentSpanContext } = named(spans, name);
  return spans.find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name;
}
