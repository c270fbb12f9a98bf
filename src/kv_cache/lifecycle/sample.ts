/** FNV-1a's start value and factor, for 32 bits. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Whether something belongs to a sampled share: always the same for the same hash or id, in every
 * process, so that all events of one chunk are seen or none. Nothing is remembered for it.
 */
export class Sample {
  readonly #threshold: number;

  /** @param ratio the share, from 0 to 1; checked by the caller */
  constructor(ratio: number) {
    this.#threshold = ratio * 2 ** 32;
  }

  /** Whether what is called so is in it. */
  has(id: number | string): boolean {
    return hash(id) < this.#threshold;
  }
}

function hash(value: number | string): number {
  let state = FNV_OFFSET;
  if (typeof value === "number") {
    // The two halves of a safe integer; what is behind the point of another number does not count.
    state = Math.imul(state ^ (value | 0), FNV_PRIME);
    state = Math.imul(state ^ (Math.floor(value / 2 ** 32) | 0), FNV_PRIME);
  } else {
    for (let i = 0; i < value.length; i++) {
      state = Math.imul(state ^ value.charCodeAt(i), FNV_PRIME);
    }
  }
  // Neighbouring ids must not be neighbours here: the finish of MurmurHash3.
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
