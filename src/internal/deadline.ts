/** A point in time that several steps of one operation share. */
export class Deadline {
  /** Whether it has passed while somebody was waiting. */
  passed = false;
  readonly #expired: Promise<boolean>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number) {
    this.#expired = new Promise((resolve) => {
      this.#timer = setTimeout(() => resolve(false), timeoutMs);
    });
  }

  /** Waits for `work`, but not beyond the deadline. @returns whether the work was done in time */
  async within(work: Promise<unknown>): Promise<boolean> {
    const done = await Promise.race([work.then(() => true), this.#expired]);
    this.passed ||= !done;
    return done;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
