/** A variable of OpenTelemetry's specification that is not obeyed. */
export interface Unsupported {
  readonly why: string;
  /** Whether a value asks for what happens anyway. */
  readonly isDefaultBehaviour?: (value: string) => boolean;
}

/** One of OTLP's variables, for all signals and for each. */
function otlpVariables(name: string, why: string): [string, Unsupported][] {
  return ["", "TRACES_", "METRICS_", "LOGS_"].map((infix) => [
    `OTEL_EXPORTER_OTLP_${infix}${name}`,
    { why },
  ]);
}

const NO_CLIENT_CERTIFICATE = "client certificates are not supported; put a collector in between";
const NO_ZIPKIN = { why: "there is no Zipkin exporter" };
const NO_CONFIG_FILE = { why: "configuration files are not supported" };

/** What is known and not supported. What the specification calls unknown is not looked for. */
export const UNSUPPORTED: ReadonlyMap<string, Unsupported> = new Map<string, Unsupported>([
  ...otlpVariables(
    "CERTIFICATE",
    "fetch trusts what the runtime trusts; DENO_CERT or NODE_EXTRA_CA_CERTS adds an authority",
  ),
  ...otlpVariables("CLIENT_KEY", NO_CLIENT_CERTIFICATE),
  ...otlpVariables("CLIENT_CERTIFICATE", NO_CLIENT_CERTIFICATE),
  ...otlpVariables("INSECURE", "it is gRPC's; over HTTP the endpoint's scheme decides"),
  ["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", {
    why: "histograms have explicit buckets",
    isDefaultBehaviour: (value) => value === "explicit_bucket_histogram",
  }],
  ["OTEL_PROPAGATORS", {
    why: "an event's traceparent is read as W3C's tracecontext, and nothing else",
    isDefaultBehaviour: (value) => {
      const names = value.split(",").map((name) => name.trim());
      return names.includes("tracecontext") &&
        names.every((name) => ["tracecontext", "baggage"].includes(name));
    },
  }],
  ["OTEL_LOG_LEVEL", { why: "losses and failures are logged, whatever the level" }],
  ["OTEL_ENTITIES", { why: "entities are not supported; OTEL_RESOURCE_ATTRIBUTES is read" }],
  ["OTEL_CONFIG_FILE", NO_CONFIG_FILE],
  ["OTEL_EXPERIMENTAL_CONFIG_FILE", NO_CONFIG_FILE],
  ["OTEL_EXPORTER_ZIPKIN_ENDPOINT", NO_ZIPKIN],
  ["OTEL_EXPORTER_ZIPKIN_TIMEOUT", NO_ZIPKIN],
  ["OTEL_EXPORTER_ZIPKIN_PROTOCOL", NO_ZIPKIN],
]);

/**
 * OpenTelemetry's environment variables that are known but not supported; they are logged if set.
 */
export const UNSUPPORTED_VARIABLES: readonly string[] = Object.freeze([...UNSUPPORTED.keys()]);
