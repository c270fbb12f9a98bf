import type * as sdk from "@opentelemetry/sdk-metrics";

/** A source of metrics of the OpenTelemetry SDK, collected at each scrape. */
export type MetricProducer = sdk.MetricProducer;
