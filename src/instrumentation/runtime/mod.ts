/**
 * What the runtime tells of itself, as metrics by OpenTelemetry's semantic conventions: the event
 * loop, the heap, garbage collections, CPU, memory. `startObservability` has them by default.
 *
 * @example
 * ```ts
 * import { observeRuntime } from "@busbar/busbar/instrumentation/runtime";
 * import { metrics } from "npm:@opentelemetry/api@1.10.0";
 *
 * using observation = observeRuntime({ meter: metrics.getMeter("my-service") });
 * ```
 *
 * @module
 */
export type { Logger } from "../../internal/logger.ts";
export type { Meter } from "../../subscribers/otel_api.ts";
export { observeRuntime, type RuntimeMetricsOptions } from "./observe_runtime.ts";
