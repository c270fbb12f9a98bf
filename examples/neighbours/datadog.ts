/**
 * Metrics and log records to Datadog's OTLP intake, without an agent in between.
 *
 * @module
 */
import type { ObservabilityOptions } from "@busbar/busbar/observability";

/** An account. */
export interface DatadogAccount {
  /** An API key, not an application key. */
  readonly apiKey: string;
  /** The origin of the intake. Default: that of the site US1. */
  readonly origin?: string;
  /** Datadog's intake of spans is a preview: what Datadog has told who takes part in it. */
  readonly traces?: { readonly endpoint: string; readonly source: string };
}

/** The options of `startObservability` for an account. Datadog takes metrics as deltas alone. */
export function datadogOptions(
  { apiKey, origin = "https://otlp.datadoghq.com", traces }: DatadogAccount,
): Required<Pick<ObservabilityOptions, "otlp" | "tracingEnabled">> {
  const headers = { "dd-api-key": apiKey };
  return {
    tracingEnabled: traces !== undefined,
    otlp: {
      headers,
      metrics: { endpoint: `${origin}/v1/metrics`, temporalityPreference: "delta" },
      logs: { endpoint: `${origin}/v1/logs`, headers: { "dd-protocol": "otlp" } },
      ...(traces === undefined ? {} : {
        traces: {
          endpoint: traces.endpoint,
          headers: { "dd-protocol": "otlp", "dd-otlp-source": traces.source },
        },
      }),
    },
  };
}
