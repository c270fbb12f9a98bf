/** The text that replaces a redacted value. */
export const REDACTED = "[redacted]";

/**
 * Decides which fields are redacted. A name such as `password` matches the field at any depth; a
 * dotted path such as `user.email` matches the end of the path to a field, also if a single name
 * contains dots. Array indices are not part of the path. Case matters.
 */
export class Redaction {
  readonly #tails: readonly string[];

  constructor(names: Iterable<string>) {
    this.#tails = [...new Set(names)].map((name) => `.${name}`);
  }

  /** Whether there is anything to redact, so that paths are worth building. */
  get active(): boolean {
    return this.#tails.length > 0;
  }

  /** Whether the field at `path`, which begins with a dot, is not to be shown. */
  covers(path: string): boolean {
    return this.#tails.some((tail) => path.endsWith(tail));
  }
}
