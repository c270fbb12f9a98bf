import type { Attributes, Counter } from "./otel_api.ts";

interface Sum {
  readonly attributes: Attributes;
  value: number;
}

/**
 * Adds up during a slice of the drain and tells the OpenTelemetry counter once at its end: one
 * `add` per attribute set and slice instead of one per event.
 *
 * Call {@linkcode SliceCounter.flush} from a subscriber's `onDrain`.
 */
export class SliceCounter {
  readonly #counter: Counter;
  readonly #sums = new Map<string, Sum>();
  #plain = 0;

  /**
   * Starts with nothing added up.
   *
   * @param counter where the sums go
   */
  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** Makes the series without attributes exist before anything was counted. */
  startAtZero(): void {
    this.#counter.add(0);
  }

  /**
   * Adds to the sum of an attribute set.
   *
   * @param value at least 0
   * @param attributes with the keys in the same order in every call
   */
  add(value: number, attributes?: Attributes): void {
    if (attributes === undefined) {
      this.#plain += value;
      return;
    }
    const key = JSON.stringify(attributes);
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { attributes, value });
    else sum.value += value;
  }

  /** Hands the sums on and starts anew. */
  flush(): void {
    if (this.#plain > 0) {
      this.#counter.add(this.#plain);
      this.#plain = 0;
    }
    for (const { attributes, value } of this.#sums.values()) this.#counter.add(value, attributes);
    this.#sums.clear();
  }
}
