/**
 * Declares, in one place, which metrics, spans and log records a bus's events become.
 *
 * It imports no other package, so a library can ship its catalog without depending on
 * OpenTelemetry.
 *
 * @example
 * ```ts
 * import { counter, defineCatalog, histogram } from "@busbar/busbar/catalog";
 *
 * interface CacheEvents {
 *   "cache.read": { keys: string[]; bytes: number };
 * }
 *
 * export const catalog = defineCatalog<CacheEvents>()({
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
export { type Catalog, defineCatalog } from "./catalog.ts";
export type { AnyEvent, DeclaredFor, OperationId } from "./declaration.ts";
export type { EventDescription, FieldDescription } from "./event_description.ts";
export { LOG_LEVELS, type LogDeclaration, type LogLevel } from "./log.ts";
export * from "./metric.ts";
export { pair, type PairOptions, type SpanDeclaration, type SpanKindName } from "./span.ts";
