/** When those were opened that have it: all since one reading of the clock, at the next one. */
export interface Stamp {
  /** As `PairsGroup` measures time. */
  atMs: number;
}

/**
 * What several `OpenPairs` have in common: how time passes for them, and how many starts of all wait.
 * So a reading of the clock costs the same however many they are.
 */
export class PairsGroup {
  /** How many starts are open. */
  open = 0;
  /** How many have expired. */
  expired = 0;
  /** How many of those that are open were opened since the last reading. */
  unstamped = 0;
  /** The stamp that the next reading sets. */
  stamp: Stamp = { atMs: 0 };
  /** The sum of the clock's steps forward: where it jumps back, no time has passed. */
  elapsedMs = 0;
  #readMs = Infinity;

  /** Takes a reading of the clock. @param nowMs by any one clock */
  read(nowMs: number): void {
    if (nowMs > this.#readMs) this.elapsedMs += nowMs - this.#readMs;
    this.#readMs = nowMs;
    if (this.unstamped === 0) return;
    this.stamp.atMs = this.elapsedMs;
    this.stamp = { atMs: 0 };
    this.unstamped = 0;
  }
}
