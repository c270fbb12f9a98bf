interface Runtime {
  readonly Deno?: { readonly telemetry?: { readonly tracerProvider?: unknown } };
}

/** OpenTelemetry's API keeps what is registered under this symbol. */
const API_REGISTRY = Symbol.for("opentelemetry.js.api.1");

/**
 * Whether the runtime has registered its own OpenTelemetry, as Deno does by `OTEL_DENO=true`: it exports
 * what is written to the console, too.
 */
export function runtimeTelemetryRegistered(): boolean {
  const provider = (globalThis as Runtime).Deno?.telemetry?.tracerProvider;
  const registry = (globalThis as Record<symbol, { trace?: unknown } | undefined>)[API_REGISTRY];
  return provider !== undefined && registry?.trace === provider;
}
