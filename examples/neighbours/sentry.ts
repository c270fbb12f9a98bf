/**
 * Spans and log records to Sentry's OTLP endpoints, which take no metrics: these are scraped.
 *
 * @module
 */
import type { ObservabilityOptions } from "@busbar/busbar/observability";

/**
 * The options of `startObservability` for a project, given its DSN
 * (`https://KEY@o1.ingest.sentry.io/PROJECT`; Settings, Client Keys).
 *
 * @throws {TypeError} if it is no DSN
 */
export function sentryOptions(
  dsn: string,
): Required<Pick<ObservabilityOptions, "otlp" | "tracingEnabled">> {
  const { protocol, host, username, pathname } = new URL(dsn);
  const project = /^\/(.*\/)?(\d+)$/.exec(pathname);
  // Not the DSN itself: it holds the key.
  if (username === "" || project === null) {
    throw new TypeError("Cannot read the DSN: it must have a key and end in the project's number");
  }
  const [, folder = "", id] = project;
  const base = `${protocol}//${host}/${folder}api/${id}/integration/otlp/v1`;
  return {
    tracingEnabled: true,
    otlp: {
      headers: { "x-sentry-auth": `sentry sentry_key=${username}` },
      traces: { endpoint: `${base}/traces` },
      logs: { endpoint: `${base}/logs` },
    },
  };
}
