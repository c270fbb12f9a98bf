/**
 * Sets up everything in one call: a bus, the metrics, spans and log records of a catalog, and an
 * OpenTelemetry SDK that serves or pushes them. The configuration is one object of plain data, made
 * from options, command-line flags and OpenTelemetry's environment variables.
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
 * if (config.bus.maxQueueSize !== 50_000) throw new Error("the flag was ignored");
 * ```
 *
 * @module
 */
export type { Optional } from "../internal/with_defaults.ts";
export type { OverflowPolicy } from "../bus/options.ts";
export type { AttributeValue } from "../catalog/attributes.ts";
export {
  OBSERVABILITY_FLAGS,
  type ObservabilityArgs,
  type ObservabilityArgsOptions,
  parseObservabilityArgs,
} from "./config/args.ts";
export {
  type AttributeLimitsConfig,
  type BatchConfig,
  type BusConfig,
  type ConsoleConfig,
  DEFAULT_OBSERVABILITY_CONFIG,
  type ExemplarFilter,
  type ObservabilityConfig,
  type OtlpConfig,
  type OtlpMetricsTarget,
  type PrometheusConfig,
  type SamplerConfig,
  type SamplerName,
  type SpanLimitsConfig,
} from "./config/config.ts";
export { ConfigurationError } from "./config/configuration_error.ts";
export { readObservabilityEnv } from "./config/env.ts";
export type { EnvReader } from "./config/env_value.ts";
export type {
  ObservabilityOptions,
  OtlpMetricsOptions,
  OtlpOptions,
  OtlpSignalOptions,
} from "./config/options.ts";
export type {
  OtlpCompression,
  OtlpProtocol,
  OtlpSettings,
  OtlpTarget,
} from "../otel/otlp/otlp_target.ts";
export type { OtlpTargetOptions } from "../otel/otlp/create_otlp_exporters.ts";
export type { TemporalityPreference } from "../otel/delta/delta_metric_exporter.ts";
export { type ObservabilitySources, resolveObservabilityConfig } from "./config/resolve.ts";
export { ineffectiveEnvVars, OBSERVABILITY_ENV_VARS } from "./config/ineffective_env_vars.ts";
export type { Observability } from "./handle.ts";
export type { ServerOptions } from "./server_options.ts";
export type { ShutdownHookOptions, ShutdownOptions } from "./shutdown.ts";
export { startObservability } from "./start_observability.ts";
export type { ProgramOptions, StartOptions } from "./start_options.ts";
