/**
 * What `end` of an `Operation` returns, and the function of an `operation` has to return: so that an
 * end cannot be forgotten.
 *
 * @typeParam Type The event type that was published.
 * @typeParam Value What `operation` returns.
 */
export class Ended<Type extends string, Value> {
  /** The event type that was published. */
  readonly type: Type;
  /** What `operation` returns. */
  readonly value: Value;
  /** Nothing else is one. */
  readonly #brand = true;

  /** For `end` of an `Operation` alone. */
  constructor(type: Type, value: Value) {
    this.type = type;
    this.value = value;
  }

  /** Whether a value is one. */
  static is(value: unknown): value is Ended<string, unknown> {
    return typeof value === "object" && value !== null && #brand in value;
  }
}
