/**
 * What turns events into OpenTelemetry metrics. It uses the OpenTelemetry API only; which SDK
 * stands behind it is the application's choice.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import { observeBus } from "@busbar/busbar/subscribers";
 * import { metrics } from "npm:@opentelemetry/api@1.10.0";
 *
 * const bus = new EventBus();
 * using observation = observeBus(bus, { meter: metrics.getMeter("my-service") });
 * ```
 *
 * @module
 */
export type { BusEvent, PublishInit } from "../events/event.ts";
export type { Attributes, Counter, Meter, SpanContext, Tracer } from "./otel_api.ts";
export { BUS_METRIC_PREFIX, type BusMetricsOptions, observeBus } from "./bus_metrics.ts";
export {
  DEFAULT_MAX_OPEN_PAIRS,
  DEFAULT_MAX_PAIR_AGE_MS,
  OpenPairs,
  type OpenPairsCounts,
  type OpenPairsOptions,
  type PairKey,
  pairKey,
  type PairLane,
} from "./open_pairs.ts";
export { SliceCounter } from "./slice_counter.ts";
export { type SpanContextSource, SpanRegistry } from "./span_registry.ts";
export {
  formatTraceparent,
  fromActiveContext,
  MAX_TRACEPARENT_LENGTH,
  parseTraceparent,
} from "./traceparent.ts";
export type { TracingCounts, TracingSubscriberOptions } from "./tracing_options.ts";
export { TracingSubscriber } from "./tracing_subscriber.ts";
