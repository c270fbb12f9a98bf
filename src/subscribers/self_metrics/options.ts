import { assertMethod, invalidArgument } from "../../internal/arguments.ts";
import { assertKnownNames } from "../../internal/option_names.ts";
import type { Meter } from "../otel_api.ts";

/** The default of {@linkcode SelfMetricsOptions.prefix}. */
export const DEFAULT_SELF_METRICS_PREFIX = "busbar";

/**
 * Where Busbar's own metrics go: the options of `observeBus`, `observeSubscribers`,
 * `observeExport`.
 */
export interface SelfMetricsOptions {
  /** Where the instruments are created. */
  readonly meter: Meter;
  /**
   * What their names begin with: a letter, then up to 199 letters, digits, `_`, `.`, `-` or `/`.
   * Default: {@linkcode DEFAULT_SELF_METRICS_PREFIX}.
   */
  readonly prefix?: string | undefined;
  /** Ends the observation when it aborts, just as disposing it does. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of {@linkcode SelfMetricsOptions}. */
const NAMES: readonly (keyof SelfMetricsOptions)[] = ["meter", "prefix", "signal"];

/** Checked options, with the default filled in. */
export interface ResolvedSelfMetricsOptions {
  readonly meter: Meter;
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks what a user passed and fills in the defaults.
 *
 * @param action what the options are for, such as `"observe a bus"`
 * @throws {TypeError} if an option is unknown or invalid; OpenTelemetry would give nothing,
 * silently
 */
export function resolveSelfMetricsOptions(
  action: string,
  options: SelfMetricsOptions,
): ResolvedSelfMetricsOptions {
  assertKnownNames(action, "option", options, NAMES);
  const { meter, prefix = DEFAULT_SELF_METRICS_PREFIX, signal } = options;
  assertMethod(action, "meter", meter, "createObservableGauge");
  if (typeof prefix !== "string" || !/^[A-Za-z][\w.\-/]{0,199}$/.test(prefix)) {
    const rule = "a letter, then up to 199 letters, digits, _ . - or /";
    invalidArgument(TypeError, action, "prefix", rule, prefix);
  }
  return { meter, prefix, signal };
}
