/** A provider that can be made OpenTelemetry's global one. */
export interface GlobalProvider {
  /** Which one it is, in a message. */
  readonly name: string;
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
      registration[Symbol.dispose]();
      throw new Error(
        `Cannot start observability: OpenTelemetry's global ${provider.name} provider is ` +
          "registered already, by an earlier startObservability that was not shut down or by " +
          "other code; leave registerGlobally out, or shut the other one down first",
      );
    }
    unset.push(provider.unset);
  }
  return registration;
}
