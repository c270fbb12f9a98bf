/** A point in time that several steps of one operation share. */
export class Deadline {
  /** Whether it has passed while somebody was waiting. */
  passed = false;
  readonly #expired: Promise<void>;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(timeoutMs: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#expired = promise;
    this.#timer = setTimeout(resolve, timeoutMs);
  }

  /** Waits for `work`, but not beyond the deadline. @returns whether the work was done in time */
  async within(work: Promise<unknown>): Promise<boolean> {
    const done = await Promise.race([
      work.then(() => true),
      this.#expired.then(() => false),
    ]);
    if (!done) this.passed = true;
    return done;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
