import { clearTimer, monotonicMs, setTimer, type Timer } from "../../internal/clocks.ts";
import { Backoff } from "../../internal/backoff.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { unref } from "../../internal/timers.ts";
import { atExit } from "./at_exit.ts";
import type { LineOutput } from "./line_output.ts";

/** How long a line waits for others, in milliseconds; a timer may be a little late. */
const MAX_WAIT_MS = 40;
/** What is written at once, in characters. */
const CHUNK_LENGTH = 65_536;
/** What waits at most, in characters, for an output that takes nothing. */
const MAX_LENGTH = 1_048_576;
/** How soon a full output, and one that fails, is tried again, in milliseconds. */
const FULL_INTERVAL_MS = 10;
const FAILED_INTERVAL_MS = 1_000;
/** How long the end of a process waits for a full output, in milliseconds. */
const MAX_EXIT_WAIT_MS = 1_000;

/**
 * Collects lines and writes many at once: after 40 ms, with the first urgent one, when they are many,
 * and when the process ends. What the output does not take is tried again, and waits up to a bound.
 */
export class LineBuffer {
  readonly #name: string;
  readonly #output: LineOutput;
  readonly #backoff = new Backoff();
  #text = "";
  #lines = 0;
  /** Lines of which the output has still a part. */
  #heldLines = 0;
  /** What the last attempt failed with, or that the output was full. */
  #trouble: unknown;
  /** Whether the timer is set, or about to be. */
  #isWaiting = false;
  #timer: Timer | undefined;
  #isWriting = false;

  /** @param name whose lines these are, for reports */
  constructor(name: string, output: LineOutput) {
    this.#name = name;
    this.#output = output;
  }

  /** Lines that are not written yet. */
  get lines(): number {
    return this.#lines + this.#heldLines;
  }

  /**
   * Takes a line.
   *
   * @param isUrgent whether it is written at once, with those before it
   * @throws {Error} if it has no room: the output takes nothing
   */
  add(line: string, isUrgent: boolean): void {
    if (this.#text.length + line.length >= MAX_LENGTH) {
      if (this.#trouble === undefined) this.#write();
      if (this.#lines > 0) throw this.#error("take a line");
    }
    this.#text += `${line}\n`;
    this.#lines++;
    // The timer tries again; where requests are apart, it may have ended with its request.
    if (this.#trouble !== undefined && this.#isWaiting && !REQUESTS_ARE_APART) return;
    if (isUrgent || this.#text.length >= CHUNK_LENGTH || atExit.isOver || REQUESTS_ARE_APART) {
      this.#write();
    }
    if (!this.#isWaiting && this.lines > 0) this.#wait();
  }

  /** Writes what waits; where the output is full, as soon as it takes more. */
  async flush(): Promise<void> {
    while (!this.#write()) {
      if (this.#trouble !== FULL) throw this.#error("write all lines");
      await new Promise<void>((resolve) => unref(setTimer(resolve, FULL_INTERVAL_MS)));
    }
    this.#endWait();
  }

  /** Writes what waits, and stands still until a full output takes it. */
  flushSync(): void {
    const untilMs = monotonicMs() + MAX_EXIT_WAIT_MS;
    while (!this.#write()) {
      if (this.#trouble !== FULL || monotonicMs() > untilMs) throw this.#error("write all lines");
      standStill(FULL_INTERVAL_MS);
    }
    this.#endWait();
  }

  /** @returns whether nothing is left */
  #write(): boolean {
    // The output itself has logged something.
    if (this.#isWriting) return true;
    this.#isWriting = true;
    try {
      if (this.#heldLines > 0 && !this.#output.write("")) return this.#stop(FULL);
      this.#heldLines = 0;
      while (this.#lines > 0) {
        const { length } = this.#text;
        const lines = this.#lines;
        const isDone = this.#output.write(this.#text);
        // What the output itself has logged meanwhile comes next.
        this.#text = this.#text.slice(length);
        this.#lines -= lines;
        if (!isDone) {
          this.#heldLines = lines;
          return this.#stop(FULL);
        }
      }
      this.#trouble = undefined;
      return true;
    } catch (error) {
      return this.#stop(error);
    } finally {
      this.#isWriting = false;
    }
  }

  #stop(trouble: unknown): false {
    this.#trouble = trouble;
    if (trouble !== FULL && this.#backoff.due(monotonicMs())) {
      report(console, `${this.#error("write lines").message}; they are tried again`);
    }
    return false;
  }

  /** Sets the timer, in no publisher's context. */
  #wait(): void {
    this.#isWaiting = true;
    atExit.add(this);
    inNeutralContext(this.#setTimer);
  }

  #endWait(): void {
    // Flushed by its own output, which has not taken these yet.
    if (this.lines > 0) return;
    this.#isWaiting = false;
    clearTimer(this.#timer);
    atExit.delete(this);
  }

  readonly #setTimer = (): void => {
    // It may have been flushed since then.
    if (!this.#isWaiting) return;
    const delayMs = this.#trouble === undefined
      ? MAX_WAIT_MS
      : this.#trouble === FULL
      ? FULL_INTERVAL_MS
      : FAILED_INTERVAL_MS;
    clearTimer(this.#timer);
    try {
      unref(this.#timer = setTimer(this.#onTimer, delayMs));
    } catch {
      // Some runtimes have no timers while a module is evaluated: the next line tries again.
      this.#isWaiting = false;
    }
  };

  readonly #onTimer = (): void => {
    this.#write();
    if (this.lines > 0) this.#wait();
    else this.#endWait();
  };

  #error(what: string): Error {
    const reason = this.#trouble === FULL ? "the output is full" : errorText(this.#trouble);
    return new Error(`${this.#name} cannot ${what}, ${this.lines} wait: ${reason}`);
  }
}

/** The output takes nothing at the moment. */
const FULL = Symbol("full");

/** Where nothing else may happen any more. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
