/**
 * Declares, in one place, which metrics, spans and log records a bus's events become.
 *
 * It imports no other package, so a library can ship its catalog without depending on
 * OpenTelemetry.
 *
 * @example
 * ```ts
 * import { declare } from "@busbar/busbar/catalog";
 *
 * interface CacheEvents {
 *   "cache.read": { keys: string[]; bytes: number };
 * }
 *
 * const { catalog, counter, histogram } = declare<CacheEvents>();
 * export const cacheCatalog = catalog({
 *   metrics: {
 *     "cache.reads": counter("cache.read", { value: (event) => event.metadata.keys.length }),
 *     "cache.read.size": histogram("cache.read", {
 *       value: (event) => event.metadata.bytes,
 *       unit: "By",
 *     }),
 *   },
 * });
 * ```
 *
 * @module
 */
export type { BusEvent } from "../events/event.ts";
export type { AnyEvents, EventOf, EventTypeOf } from "../events/event_map.ts";
export type { AttributeValue, EventAttributes } from "./attributes.ts";
export type { Catalog } from "./catalog.ts";
export { type AnyCatalog, combineCatalogs, type CombinedEvents } from "./combine.ts";
export type { AnyEvent, OperationId } from "./declaration.ts";
export { type Declarations, declare } from "./declare.ts";
export type { EventDescription, FieldDescription } from "./event_description.ts";
export { LOG_LEVELS, type LogDeclaration, type LogLevel } from "./log.ts";
export type {
  DeclaredInstrument,
  EventMetric,
  InstrumentKind,
  Measurement,
  MetricDeclaration,
  PairMetric,
  ReadMetric,
} from "./metric.ts";
export {
  type CounterOptions,
  DEFAULT_MAX_ATTRIBUTE_SETS,
  type DurationOptions,
  type EventMetricOptions,
  type GaugeOptions,
  type HistogramOptions,
  type MetricOptions,
  type ReadGaugeOptions,
  type ThroughputOptions,
} from "./metric_options.ts";
export type { SpanDeclaration, SpanDeclarationOptions, SpanKindName } from "./span.ts";
