const REDRAW_INTERVAL_MS = 100;
const WIDTH = 30;

/** A progress bar on a terminal's standard error; silent where there is no terminal. */
export class Progress {
  readonly #total: number;
  readonly #onTerminal = Deno.stderr.isTerminal();
  #drawnAt = 0;

  /** @param total how many requests there will be; `Infinity` shows a plain count */
  constructor(total: number) {
    this.#total = total;
  }

  /** Draws it, now and then. */
  update(requests: number, text: string): void {
    const now = performance.now();
    if (!this.#onTerminal || now - this.#drawnAt < REDRAW_INTERVAL_MS) return;
    this.#drawnAt = now;
    const share = Math.min(1, requests / this.#total);
    const filled = Math.round(share * WIDTH);
    const bar = this.#total === Infinity
      ? ""
      : `[${"#".repeat(filled)}${"-".repeat(WIDTH - filled)}] ${Math.floor(share * 100)} % `;
    write(`\r\x1b[2K${bar}${requests} requests, ${text}`);
  }

  /** Wipes it away. */
  clear(): void {
    if (this.#onTerminal) write("\r\x1b[2K");
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
