import { assertThrows } from "@std/assert";
import {
  BusTracer,
  CountingMetricExporter,
  createMetricProducer,
  createOtlpExporters,
  DeltaMetricExporter,
  PrometheusMetrics,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";

const { metrics, traces } = createOtlpExporters();
const processor = new SpanBatchProcessor(traces);

/** Each way to hand over options, with what is required. */
// deno-lint-ignore no-explicit-any -- the options are wrong on purpose
const makers: Record<string, (options: any) => unknown> = {
  "create a metric producer": (options) => createMetricProducer({ collect: () => [], ...options }),
  "create BusTracer": (options) => new BusTracer({ processor, scopeName: "test", ...options }),
  "create CountingMetricExporter": (options) => new CountingMetricExporter(metrics, options),
  "create DeltaMetricExporter": (options) => new DeltaMetricExporter(metrics, options),
  "create ExportQueue": (options) => new SpanBatchProcessor(traces, options),
  "create OTLP exporters": (options) => createOtlpExporters(options),
  "create PrometheusMetrics": (options) => new PrometheusMetrics(options),
};

for (const [action, make] of Object.entries(makers)) {
  Deno.test(`options that do not exist are refused: ${action}`, () => {
    assertThrows(
      () => make({ nonesuch: 1 }),
      TypeError,
      `Cannot ${action}: there is no option "nonesuch"`,
    );
    make({ nonesuch: undefined });
  });
}

Deno.test("what a metric producer collects with must be a function", () => {
  assertThrows(
    () => createMetricProducer({ collect: [] as never }),
    TypeError,
    "Cannot create a metric producer: collect must be a function",
  );
});
