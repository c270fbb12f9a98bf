/**
 * Sets everything up in one call: a bus, metrics, spans and log records of a catalog, an
 * OpenTelemetry SDK, and the way out. Its configuration is one object of plain data, made from what
 * a program says, from its flags and from OpenTelemetry's variables of the environment.
 *
 * @example
 * ```ts
 * import {
 *   parseObservabilityArgs,
 *   readObservabilityEnv,
 *   resolveObservabilityConfig,
 * } from "@busbar/busbar/observability";
 *
 * const { config: flags } = parseObservabilityArgs(["--event-bus-queue-size", "50000"]);
 * const config = resolveObservabilityConfig({
 *   options: { serviceName: "shop" },
 *   flags,
 *   env: readObservabilityEnv(() => undefined),
 * });
 * if (config.bus.maxQueueSize !== 50_000) throw new Error("not taken");
 * ```
 *
 * @module
 */
export type { OverflowPolicy } from "../bus/options.ts";
export type { AttributeValue } from "../catalog/attributes.ts";
export {
  OBSERVABILITY_FLAGS,
  type ObservabilityArgs,
  type ObservabilityArgsOptions,
  parseObservabilityArgs,
} from "./config/args.ts";
export {
  type BatchConfig,
  type BusConfig,
  DEFAULT_OBSERVABILITY_CONFIG,
  type ObservabilityConfig,
  type OtlpCompression,
  type OtlpConfig,
  type OtlpProtocol,
  type OtlpTarget,
  type OtlpTransport,
  type PrometheusConfig,
  type SamplerConfig,
  type SamplerName,
} from "./config/config.ts";
export { ConfigurationError } from "./config/configuration_error.ts";
export { type EnvReader, readObservabilityEnv } from "./config/env.ts";
export type { ObservabilityOptions, OtlpOptions, OtlpSignalOptions } from "./config/options.ts";
export { type ObservabilitySources, resolveObservabilityConfig } from "./config/resolve.ts";
export type { Observability } from "./running.ts";
export { startObservability, type StartOptions } from "./start_observability.ts";
