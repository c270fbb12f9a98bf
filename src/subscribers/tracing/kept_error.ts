/** What a tracer's span has thrown where nobody was to catch it: on a timer, or at another's start. */
export class KeptError {
  #thrown: { readonly error: unknown } | undefined;

  /** Keeps what is thrown, the first of it. */
  guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#thrown ??= { error };
    }
  }

  /** Has the bus count what was kept. */
  rethrow(): void {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    if (thrown !== undefined) throw thrown.error;
  }
}
