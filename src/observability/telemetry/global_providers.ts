import { otelRegistry } from "../../internal/otel_registry.ts";

/** What can be made OpenTelemetry's global one. */
export interface GlobalProvider {
  /** Which one it is, in a message. */
  readonly name: string;
  /** Where the API keeps it. */
  readonly key: "metrics" | "trace" | "logs" | "context" | "propagation";
  /** Whether that of somebody else may stay in its place; without it, it may not. */
  readonly isOptional?: boolean;
  /** Registers it; `false` if there is another one already. */
  readonly set: () => unknown;
  /** Unregisters it. */
  readonly unset: () => void;
}

/**
 * Registers all of them or none.
 *
 * @throws {Error} if another provider is registered already
 */
export function registerGlobalProviders(providers: readonly GlobalProvider[]): Disposable {
  const unset: (() => void)[] = [];
  const registration = { [Symbol.dispose]: () => unset.splice(0).forEach((undo) => undo()) };
  for (const provider of providers) {
    // The API says `false`, and keeps the first, when there is one already.
    if (provider.set() === false) {
      if (provider.isOptional) continue;
      registration[Symbol.dispose]();
      throw new Error(
        `Cannot start observability: OpenTelemetry's global ${provider.name} provider is ` +
          "registered already, by an earlier startObservability that was not shut down or by " +
          "other code; leave registerGlobally out, or shut the other one down first",
      );
    }
    const { key } = provider;
    const registered = otelRegistry()?.[key];
    unset.push(() => {
      // What somebody else has put there meanwhile stays.
      if (otelRegistry()?.[key] === registered) provider.unset();
    });
  }
  return registration;
}
