const REDRAW_INTERVAL_MS = 500;
const CLEAR_LINE = "\r\x1b[2K";
/** So many texts may wait for a terminal or a pipe that is not read. */
const MAX_WAITING = 1_000;

/**
 * Standard error: what is said, and on a terminal, below it, a line that is drawn again and again.
 * Who does not read it holds nothing up.
 */
export class Screen {
  readonly #onTerminal = Deno.stderr.isTerminal();
  readonly #writer = Deno.stderr.writable.getWriter();
  #timer: ReturnType<typeof setInterval> | undefined;
  #omitted = 0;

  /** Draws the line from now on; in a pipe, never. */
  draw(line: () => string): void {
    if (!this.#onTerminal) return;
    this.#timer = setInterval(() => {
      if (this.#waiting > 0) return;
      const { columns } = Deno.consoleSize();
      // Some terminals do not say how wide they are.
      this.#write(CLEAR_LINE + line().slice(0, columns > 0 ? columns - 1 : undefined));
    }, REDRAW_INTERVAL_MS);
  }

  /** Says something, which stays. */
  readonly say = (text: string): void => {
    if (this.#waiting > MAX_WAITING) {
      this.#omitted++;
      return;
    }
    const omitted = this.#omitted > 0 ? `(${this.#omitted} messages were not read in time)\n` : "";
    this.#omitted = 0;
    this.#write(`${this.#onTerminal ? CLEAR_LINE : ""}${omitted}${text}\n`);
  };

  /** Wipes the line away. */
  clear(): void {
    clearInterval(this.#timer);
    if (this.#timer !== undefined) this.#write(CLEAR_LINE);
    this.#timer = undefined;
  }

  /** Resolves when all is written, or nobody reads it any more. */
  async close(): Promise<void> {
    this.clear();
    await this.#writer.close().catch(() => {});
  }

  get #waiting(): number {
    return 1 - (this.#writer.desiredSize ?? 1);
  }

  #write(text: string): void {
    this.#writer.write(new TextEncoder().encode(text)).catch(() => {
      // Nobody reads it any more.
    });
  }
}
