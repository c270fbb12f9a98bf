import type { Meter } from "../otel_api.ts";

/** An instrument of a meter that is read at each collection. */
export type Observable = ReturnType<Meter["createObservableGauge"]>;

/**
 * The gauges of catalogs that are read for a meter. For a series that has no value, `NaN` is observed:
 * OpenTelemetry's SDK goes on to show the last value otherwise. They observe no other `NaN`.
 */
export const readObservables: WeakSet<Observable> = new WeakSet();

/** The instruments of which such a `NaN` is left out of what is shown: those of a `PrometheusMetrics`. */
export const observablesWithoutNaN: WeakSet<Observable> = new WeakSet();
