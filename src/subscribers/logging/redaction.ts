/** What stands in the place of a redacted value. */
export const REDACTED = "[redacted]";

/**
 * Says which fields must not be shown. A name such as `password` means the field of that name at
 * any depth; a dotted path such as `user.email` means such a tail of the way to a field, also
 * where a single name has dots in it. Positions in arrays are no part of the way. Case matters.
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
