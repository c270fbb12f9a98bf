/** Random choices that a seed repeats (mulberry32). */
export class Random {
  #state: number;

  /** The same seed gives the same choices. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Whether something of that probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of several. */
  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  /** So many, at least `min` and at most `max`. */
  list<Value>(min: number, max: number, make: () => Value): Value[] {
    return Array.from({ length: min + this.below(max - min + 1) }, make);
  }

  /** Any double that is finite: all sizes are as likely, not all values. */
  double(): number {
    switch (this.below(6)) {
      case 0:
        return this.pick([0, 1, -1, 0.1, 1e21, -1e21, 5e-324, 2 ** 53, Number.MAX_VALUE, 1e-7]);
      case 1:
        return this.below(1_000) - 500;
      case 2:
        return this.next() - 0.5;
      default: {
        const bits = new DataView(new ArrayBuffer(8));
        bits.setUint32(0, this.below(2 ** 32));
        bits.setUint32(4, this.below(2 ** 32));
        const value = bits.getFloat64(0);
        return Number.isFinite(value) ? value : this.next();
      }
    }
  }
}
