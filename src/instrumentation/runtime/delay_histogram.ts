/** Delays that were measured, and what can be said of them; in milliseconds. */
export interface Delays {
  /** How many; of none nothing can be said. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly stddev: number;
  /** The delay that so many percent do not exceed. */
  percentile(percent: number): number;
  /** Forgets them. */
  reset(): void;
}

/** What is shorter is not told apart. */
const SHORTEST_MS = 0.01;
/** Buckets for each doubling: a percentile is at most 2^(1/16) too large, which is 4.4 %. */
const BUCKETS_PER_DOUBLING = 16;
/** Up to 21 minutes; what is longer is in the last bucket, and its percentile is the maximum. */
const BUCKETS = 27 * BUCKETS_PER_DOUBLING;

/** Delays in buckets that grow with them, so that memory is the same however many there are. */
export class DelayHistogram implements Delays {
  readonly #counts = new Uint32Array(BUCKETS);
  #sum = 0;
  #squares = 0;
  count = 0;
  min = Infinity;
  max = 0;

  /** The average. */
  get mean(): number {
    return this.#sum / this.count;
  }

  /** How far from the average they are. */
  get stddev(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.count - this.mean ** 2));
  }

  /** Adds one. */
  record(delayMs: number): void {
    const bucket = Math.ceil(Math.log2(delayMs / SHORTEST_MS) * BUCKETS_PER_DOUBLING);
    (this.#counts[Math.min(Math.max(bucket, 0), BUCKETS - 1)] as number)++;
    this.count++;
    this.#sum += delayMs;
    this.#squares += delayMs ** 2;
    this.min = Math.min(this.min, delayMs);
    this.max = Math.max(this.max, delayMs);
  }

  percentile(percent: number): number {
    let missing = Math.ceil(this.count * percent / 100);
    const bucket = this.#counts.findIndex((count) => (missing -= count) <= 0);
    if (bucket === BUCKETS - 1) return this.max;
    const upToMs = SHORTEST_MS * 2 ** (bucket / BUCKETS_PER_DOUBLING);
    return Math.min(Math.max(upToMs, this.min), this.max);
  }

  reset(): void {
    this.#counts.fill(0);
    this.count =
      this.#sum =
      this.#squares =
      this.max =
        0;
    this.min = Infinity;
  }
}
