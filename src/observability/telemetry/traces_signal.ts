import { trace } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import { SpanBatchProcessor } from "../../otel/otlp/batch_processors.ts";
import { createOtlpSpanExporter } from "../../otel/otlp/otlp_exporters.ts";
import { BusTracer } from "../../otel/tracing/bus_tracer.ts";
import type { Attributes, TracerLike } from "../../subscribers/otel_api.ts";
import { toSdkLimits } from "./attribute_limits.ts";
import { createSampler } from "./sampler.ts";
import { capTimeout, type Signal } from "./signal.ts";
import type { TelemetryOptions } from "./telemetry.ts";

/** Spans, pushed over OTLP. */
export interface TracesSignal extends Signal {
  readonly tracer: TracerLike;
}

/** Sets the spans up; `undefined` if they are not pushed. */
export function createTracesSignal(
  { config, logger }: TelemetryOptions,
  resource: Resource,
): TracesSignal | undefined {
  const target = config.tracingEnabled ? config.otlp.traces : undefined;
  if (target === undefined) return undefined;
  const { spanBatch } = config;
  const exporter = createOtlpSpanExporter(
    capTimeout(target, spanBatch.exportTimeoutMs),
  );
  const processor = new SpanBatchProcessor(exporter, {
    ...spanBatch,
    logger,
  });
  const sampler = createSampler(config.sampler);
  const limits = toSdkLimits(config.spanLimits);
  // For the spans of other code, once it is registered globally.
  const provider = new TracerProvider({
    resource,
    sampler,
    spanProcessors: [processor],
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
    exportStats: () => processor.stats(),
    globalProvider: {
      name: "tracer",
      set: () => trace.setGlobalTracerProvider(provider),
      unset: () => trace.disable(),
    },
    flush: (remainingMs) => processor.forceFlush({ timeoutMillis: remainingMs }),
    shutdown: () => provider.shutdown(),
    abort: () => void exporter.shutdown(),
  };
}
