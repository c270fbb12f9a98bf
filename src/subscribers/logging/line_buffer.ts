import { clearTimer, monotonicMs, setTimer, type Timer } from "../../internal/clocks.ts";
import { Backoff } from "../../internal/backoff.ts";
import { CountReport } from "../../internal/count_report.ts";
import type { Logger } from "../../internal/logger.ts";
import { inNeutralContext, REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { unref } from "../../internal/timers.ts";
import { atExit } from "./at_exit.ts";
import { isGone, type LineOutput, standStill } from "./line_output.ts";
import { unwrittenText } from "./losses.ts";

/** How long a line waits for others, in milliseconds; a timer may be a little late. */
const MAX_WAIT_MS = 40;
/** What is written at once, in characters. */
const CHUNK_LENGTH = 65_536;
/** What waits at most, in characters, for an output that takes nothing; and what urgent lines may add. */
const MAX_LENGTH = 1_048_576;
const MAX_URGENT_LENGTH = MAX_LENGTH + 262_144;
/** How soon a full output, and one that fails, is tried again, in milliseconds. */
const FULL_INTERVAL_MS = 10;
const FAILED_INTERVAL_MS = 1_000;
/** How soon one is that has just taken something; and one that leaves a line without room. */
const MIN_INTERVAL_MS = 1;
/** How long the end of a process waits for a full output, in milliseconds. */
const MAX_EXIT_WAIT_MS = 1_000;

/** Whose lines they are, and where it is told what becomes of them. */
export interface LineBufferOptions {
  /** Whose lines these are, for reports. */
  readonly name: string;
  /** Where losses are told. */
  readonly logger: Logger;
  /** The line that says among the others how many were dropped before it, without its newline. */
  readonly droppedLine: (dropped: number) => string;
}

/**
 * Collects lines and writes many at once: after 40 ms, with the first urgent one, when they are many,
 * and when the process ends. What the output does not take is tried again, and waits up to a bound.
 * What comes on top is dropped, what is urgent last.
 */
export class LineBuffer {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #droppedLine: (dropped: number) => string;
  readonly #output: LineOutput;
  readonly #backoff = new Backoff();
  readonly #dropReport: CountReport;
  #text = "";
  #lines = 0;
  #dropped = 0;
  /** How many of them no line has told of. */
  #untold = 0;
  /** How many the line tells of that the output has a part of, if it is such a line. */
  #beingTold = 0;
  /** What the last attempt failed with, or that the output was full. */
  #trouble: unknown;
  /** When a full output was last tried for a line that has no room. */
  #triedMs = -Infinity;
  /** How much a full output had still to write, and how soon it is tried again. */
  #left = 0;
  #fullIntervalMs = FULL_INTERVAL_MS;
  /** Whether the timer is set, or about to be. */
  #isWaiting = false;
  #timer: Timer | undefined;
  #isWriting = false;

  constructor(output: LineOutput, { name, logger, droppedLine }: LineBufferOptions) {
    this.#name = name;
    this.#logger = logger;
    this.#droppedLine = droppedLine;
    this.#dropReport = new CountReport(logger);
    this.#output = output;
    output.onReady = this.#onReady;
  }

  /** Lines that are not written yet. */
  get lines(): number {
    return this.#lines + (this.#beingTold > 0 ? 0 : this.#output.leftLines);
  }

  /** Lines that were too many for the output, or that nobody reads. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether to tell of it on the console would stand still as long as the output is full. */
  get isConsoleStuck(): boolean {
    return this.#trouble === FULL && this.#output.blocksConsole === true;
  }

  /**
   * Takes a line, or drops it if it has no room.
   *
   * @param isUrgent whether it is written at once, with those before it, and dropped last
   */
  add(line: string, isUrgent: boolean): void {
    const room = (isUrgent ? MAX_URGENT_LENGTH : MAX_LENGTH) - line.length;
    if (this.#length >= room) {
      // A full one may have been read meanwhile, more often than the timer comes.
      if (this.#trouble === undefined || this.#isDue()) this.#write();
      // However long it is, a line may wait alone.
      if (this.#length >= room && this.#length > 0) return this.#drop();
    }
    this.#text += `${line}\n`;
    this.#lines++;
    // The timer tries again; where requests are apart, it may have ended with its request.
    if (this.#trouble !== undefined && this.#isWaiting && !REQUESTS_ARE_APART) return;
    if (isUrgent || this.#text.length >= CHUNK_LENGTH || atExit.isOver || REQUESTS_ARE_APART) {
      this.#write();
    }
    if (!this.#isWaiting && this.#length > 0) this.#wait();
  }

  /** Writes what waits; where the output is full, as soon as it takes more. */
  async flush(): Promise<void> {
    while (!this.#write()) {
      if (this.#trouble !== FULL) throw this.#notAll();
      await new Promise<void>((resolve) => unref(setTimer(resolve, FULL_INTERVAL_MS)));
    }
    this.#endWait();
  }

  /** Writes what waits, and stands still until a full output takes it. */
  flushSync(): void {
    const untilMs = monotonicMs() + MAX_EXIT_WAIT_MS;
    while (!this.#write(true)) {
      if (this.#trouble !== FULL || monotonicMs() > untilMs) throw this.#notAll();
      standStill(FULL_INTERVAL_MS);
    }
    this.#endWait();
  }

  /** What waits, in characters; of what the output has, in bytes. */
  get #length(): number {
    return this.#text.length + this.#output.left;
  }

  /** Whether a full output is to be tried now. */
  #isDue(): boolean {
    if (this.#trouble !== FULL) return false;
    const nowMs = monotonicMs();
    if (nowMs - this.#triedMs < MIN_INTERVAL_MS) return false;
    this.#triedMs = nowMs;
    return true;
  }

  /**
   * @param isLast whether nothing else may happen any more
   * @returns whether nothing is left
   */
  #write(isLast = atExit.isOver): boolean {
    // The output itself has logged something.
    if (this.#isWriting) return true;
    this.#isWriting = true;
    try {
      if (this.#output.left > 0 && !this.#pass("", isLast)) return this.#stop(FULL);
      this.#beingTold = 0;
      while (this.#lines > 0 || this.#untold > 0) {
        if (!(this.#lines > 0 ? this.#passText(isLast) : this.#passDropped(isLast))) {
          return this.#stop(FULL);
        }
        this.#beingTold = 0;
      }
      this.#trouble = undefined;
      return true;
    } catch (error) {
      return this.#stop(error);
    } finally {
      this.#isWriting = false;
    }
  }

  #passText(isLast: boolean): boolean {
    const { length } = this.#text;
    const lines = this.#lines;
    const isDone = this.#pass(this.#text, isLast);
    // What the output itself has logged meanwhile comes next.
    this.#text = this.#text.slice(length);
    this.#lines -= lines;
    return isDone;
  }

  /** Says among the lines how many are missing there. */
  #passDropped(isLast: boolean): boolean {
    const dropped = this.#untold;
    const isDone = this.#pass(`${this.#droppedLine(dropped)}\n`, isLast);
    this.#untold -= dropped;
    this.#beingTold = dropped;
    return isDone;
  }

  #pass(lines: string, isLast: boolean): boolean {
    const output = this.#output;
    return isLast && output.finish !== undefined ? output.finish(lines) : output.write(lines);
  }

  /** @returns whether nothing is left */
  #stop(trouble: unknown): boolean {
    this.#trouble = trouble;
    if (trouble === FULL) {
      const { left } = this.#output;
      this.#fullIntervalMs = left === this.#left
        ? Math.min(this.#fullIntervalMs * 2, FULL_INTERVAL_MS)
        : MIN_INTERVAL_MS;
      this.#left = left;
      return false;
    }
    const isLost = isGone(trouble);
    if (this.#backoff.due(monotonicMs())) {
      const what = isLost ? "nobody reads them: they are dropped" : "they are tried again";
      const cannot = `${this.#name} cannot write lines, ${this.lines} wait: ${this.#reason}`;
      report(this.#logger, `${cannot}; ${what}`);
    }
    if (!isLost) return false;
    const { lines } = this;
    this.#output.discard();
    this.#text = "";
    this.#lines = 0;
    this.#dropped += lines;
    this.#untold += lines + this.#beingTold;
    this.#beingTold = 0;
    return true;
  }

  #drop(): void {
    this.#dropped++;
    this.#untold++;
    if (this.isConsoleStuck) return;
    this.#dropReport.update(
      this.#dropped,
      monotonicMs,
      (dropped) => `${this.#name} drops lines, ${dropped} so far, for 1 MiB waits: ${this.#reason}`,
    );
  }

  /** Sets the timer, in no publisher's context. */
  #wait(): void {
    this.#isWaiting = true;
    atExit.add(this);
    inNeutralContext(this.#setTimer);
  }

  #endWait(): void {
    // Flushed by its own output, which has not taken these yet.
    if (this.#length > 0) return;
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
      ? this.#fullIntervalMs
      : FAILED_INTERVAL_MS;
    clearTimer(this.#timer);
    try {
      unref(this.#timer = setTimer(this.#onReady, delayMs));
    } catch {
      // Some runtimes have no timers while a module is evaluated: the next line tries again.
      this.#isWaiting = false;
    }
  };

  readonly #onReady = (): void => {
    this.#write();
    if (this.#length > 0) this.#wait();
    else this.#endWait();
  };

  get #reason(): string {
    return this.#trouble === FULL ? "the output is full" : errorText(this.#trouble);
  }

  #notAll(): Error {
    const { lines: waiting, dropped } = this;
    return new Error(unwrittenText(this.#name, { waiting, reason: this.#reason, dropped }));
  }
}

/** The output takes nothing at the moment. */
const FULL = Symbol("full");
