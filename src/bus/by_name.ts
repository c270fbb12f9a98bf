/** Under this name is kept what came after the limit of names was reached. */
export const OTHER_NAME = "__other__";

const MAX_NAMES = 1_000;

/**
 * Keeps one value for each name, for names that come from outside: past 1,000 of them the rest
 * shares one value, so that memory stays bounded.
 */
export class ByName<Value> {
  readonly #values = new Map<string, Value>();
  readonly #create: () => Value;

  constructor(create: () => Value) {
    this.#create = create;
  }

  /** The value of `name`, made when it is asked for first. */
  of(name: string): Value {
    const found = this.#values.get(name);
    if (found !== undefined) return found;
    const key = this.#values.size < MAX_NAMES ? name : OTHER_NAME;
    const value = this.#values.get(key) ?? this.#create();
    this.#values.set(key, value);
    return value;
  }

  [Symbol.iterator](): Iterator<[string, Value]> {
    return this.#values.entries();
  }
}
