const REDRAW_INTERVAL_MS = 500;
const CLEAR_LINE = "\r\x1b[2K";

/** Standard error: what is said, and on a terminal, below it, a line that is drawn again and again. */
export class Screen implements Disposable {
  readonly #onTerminal = Deno.stderr.isTerminal();
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Draws the line from now on; in a pipe, never. */
  draw(line: () => string): void {
    if (!this.#onTerminal) return;
    this.#timer = setInterval(() => {
      write(CLEAR_LINE + line().slice(0, Deno.consoleSize().columns - 1));
    }, REDRAW_INTERVAL_MS);
  }

  /** Says something, which stays. */
  readonly say = (text: string): void => {
    write(`${this.#onTerminal ? CLEAR_LINE : ""}${text}\n`);
  };

  /** Wipes the line away. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#timer !== undefined) write(CLEAR_LINE);
    this.#timer = undefined;
  }
}

function write(text: string): void {
  try {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    // Nobody reads it any more.
  }
}
