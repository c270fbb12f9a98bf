const RANGE = 2 ** 32;

/**
 * Chooses sessions by a hash of their ids: the same ones in every process, and those of a smaller ratio are
 * among those of a larger one.
 */
export class SessionSampling {
  readonly #limit: number;
  #known = "";
  #isKept = true;

  /** @param ratio how many of the sessions are chosen, from 0 to 1 */
  constructor(ratio: number) {
    this.#limit = ratio * RANGE;
  }

  /** Whether a session is chosen; what is of none is. */
  keeps(sessionId: string): boolean {
    if (sessionId === "" || this.#limit >= RANGE) return true;
    // Most come in a row.
    if (sessionId !== this.#known) {
      this.#known = sessionId;
      this.#isKept = hashOf(sessionId) < this.#limit;
    }
    return this.#isKept;
  }
}

/** 32 bits: FNV-1a over the UTF-16 code units, mixed as MurmurHash3 ends, for ids that count up differ little. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
