import { trace } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { ConsoleSpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import { SpanBatchProcessor } from "../../otel/otlp/batch_processors.ts";
import { createOtlpSpanExporter } from "../../otel/otlp/otlp_exporters.ts";
import { BusTracer } from "../../otel/tracing/bus_tracer.ts";
import type { SpanProcessor } from "../../otel/sdk_types.ts";
import type { Attributes, TracerLike } from "../../subscribers/otel_api.ts";
import { toSdkLimits } from "./attribute_limits.ts";
import { createSampler } from "./sampler.ts";
import { capTimeout, type Signal } from "./signal.ts";
import type { TelemetryOptions } from "./telemetry.ts";

/** Spans, pushed over OTLP, written to the console, or both. */
export interface TracesSignal extends Signal {
  readonly tracer: TracerLike;
}

/** Sets the spans up; `undefined` if they go nowhere. */
export function createTracesSignal(
  { config, logger }: TelemetryOptions,
  resource: Resource,
): TracesSignal | undefined {
  if (!config.tracingEnabled) return undefined;
  const { spanBatch, otlp: { traces: target } } = config;
  const exporter = target && createOtlpSpanExporter(
    capTimeout(target, spanBatch.exportTimeoutMs),
    { logger },
  );
  const pushed = exporter && new SpanBatchProcessor(exporter, { ...spanBatch, logger });
  const processors = pushed === undefined ? [] : [pushed];
  if (config.console.traces) {
    processors.push(new SpanBatchProcessor(new ConsoleSpanExporter(), { ...spanBatch, logger }));
  }
  const [first, ...others] = processors;
  if (first === undefined) return undefined;
  const processor = others.length === 0 ? first : allOf(processors);
  const sampler = createSampler(config.sampler);
  const limits = toSdkLimits(config.spanLimits);
  // For the spans of other code, once it is registered globally.
  const provider = new TracerProvider({
    resource,
    sampler,
    spanProcessors: processors,
    spanLimits: limits,
  });
  return {
    tracer: new BusTracer({
      processor,
      scopeName: DEFAULT_SCOPE_NAME,
      resourceAttributes: resource.attributes as Attributes,
      sampler,
      limits,
    }),
    exportStats: pushed && (() => pushed.stats()),
    globalProvider: {
      name: "tracer",
      key: "trace",
      set: () => trace.setGlobalTracerProvider(provider),
      unset: () => trace.disable(),
    },
    flush: async (remainingMs) => {
      await Promise.all(processors.map((one) => one.forceFlush({ timeoutMillis: remainingMs })));
    },
    shutdown: () => provider.shutdown(),
    abort: () => void exporter?.shutdown(),
  };
}

/** Several processors as one; what ends them is the provider. */
function allOf(processors: readonly SpanProcessor[]): SpanProcessor {
  const each = async (work: (processor: SpanProcessor) => Promise<void>) => {
    await Promise.all(processors.map(work));
  };
  return {
    onStart: (span, context) => {
      for (const one of processors) one.onStart(span, context);
    },
    onEnd: (span) => {
      for (const one of processors) one.onEnd(span);
    },
    forceFlush: () => each((one) => one.forceFlush()),
    shutdown: () => each((one) => one.shutdown()),
  };
}
