import { otelRegistry } from "./otel_registry.ts";

interface Runtime {
  readonly Deno?: { readonly telemetry?: { readonly tracerProvider?: unknown } };
}

/**
 * Whether the runtime has registered its own OpenTelemetry, as Deno does by `OTEL_DENO=true`: it exports
 * what is written to the console, too.
 */
export function runtimeTelemetryRegistered(): boolean {
  const provider = (globalThis as Runtime).Deno?.telemetry?.tracerProvider;
  return provider !== undefined && otelRegistry()?.trace === provider;
}
