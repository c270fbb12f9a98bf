import type * as sdk from "@opentelemetry/sdk-metrics";

/** A source of metrics of the OpenTelemetry SDK, collected at each scrape. */
export type MetricProducer = sdk.MetricProducer;
/** A reader of the OpenTelemetry SDK: what collects metrics, to push them or to be scraped. */
export type MetricReader = sdk.IMetricReader;
