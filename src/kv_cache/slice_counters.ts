import { SliceCounter } from "../subscribers/slice_counter.ts";
import type { Meter } from "../subscribers/otel_api.ts";

/** The counters of one subscriber: of one prefix and unit, flushed together. */
export class SliceCounters {
  readonly #meter: Meter;
  readonly #prefix: string;
  readonly #unit: string;
  readonly #counters: SliceCounter[] = [];

  constructor(meter: Meter, prefix: string, unit: string) {
    this.#meter = meter;
    this.#prefix = prefix;
    this.#unit = unit;
  }

  create(name: string, description: string): SliceCounter {
    const counter = new SliceCounter(
      this.#meter.createCounter(`${this.#prefix}.${name}`, { description, unit: this.#unit }),
    );
    this.#counters.push(counter);
    return counter;
  }

  startAtZero(): void {
    for (const counter of this.#counters) counter.startAtZero();
  }

  flush(): void {
    for (const counter of this.#counters) counter.flush();
  }
}
