import { clearTimer, setTimer, type Timer } from "../../../internal/clocks.ts";
import { inNeutralContext } from "../../../internal/neutral_context.ts";
import { errorText, report } from "../../../internal/reporting.ts";
import { unref } from "../../../internal/timers.ts";
import { atExit } from "../at_exit.ts";
import { countLines, NEWLINE } from "../line_output.ts";
import { unwrittenText } from "../losses.ts";
import { called, type FileSystem } from "./file_system.ts";
import { type LineFile, Rotation, type RotationOptions } from "./rotation.ts";

/** What is written at once, in bytes, unless one line is longer. */
const CHUNK_BYTES = 65_536;
/** What waits at most, in characters, for a disk that takes nothing. */
const MAX_WAITING_LENGTH = 1_048_576;
/** What urgent lines may add to that. */
const MAX_URGENT_LENGTH = 262_144;
/** How soon a disk that fails is tried again, in milliseconds. */
const RETRY_INTERVAL_MS = 1_000;

const encoder = new TextEncoder();

/** Counts of lines and files. */
export interface FileStats {
  /** Lines written. */
  readonly written: number;
  /** Lines that were too many for a disk that failed, or was too slow. */
  readonly dropped: number;
  /** Lines that wait. */
  readonly pending: number;
  /** Files begun. */
  readonly files: number;
  /** Files that somebody else has removed, or moved, while they were written to. */
  readonly removedFiles: number;
  /** Old files that could not be deleted, by attempts. */
  readonly failedDeletes: number;
}

/**
 * Writes lines to files that rotate, off the stack of whoever has some: what a turn of the event loop has
 * brought goes out at once. Nothing here throws, and nothing but the end of a process waits for the disk.
 * Lines that it does not take wait, up to a bound, and are tried again; that is told when it begins
 * and when it is over.
 */
export class RotatingLines {
  readonly #name: string;
  readonly #files: FileSystem;
  readonly #options: RotationOptions;
  readonly #rotation: Rotation;
  #lines: string[] = [];
  #length = 0;
  #written = 0;
  #dropped = 0;
  /** How many had been dropped when the trouble began that is not over; `undefined` if there is none. */
  #droppedBefore: number | undefined;
  #isEndTold = false;
  #file: LineFile | undefined;
  #run: Promise<void> | undefined;
  #isDue = false;
  #timer: Timer | undefined;
  /** Another one once lines were written synchronously: who was at it does not go on. */
  #turn = 0;

  /** @param name whose lines these are, for reports */
  constructor(name: string, files: FileSystem, options: RotationOptions) {
    this.#name = name;
    this.#files = files;
    this.#options = options;
    this.#rotation = new Rotation(name, files, options);
  }

  /** Lines that are not written yet. */
  get pending(): number {
    return this.#lines.length;
  }

  stats(): FileStats {
    const { begun, removed, failedDeletes } = this.#rotation;
    return {
      written: this.#written,
      dropped: this.#dropped,
      pending: this.pending,
      files: begun,
      removedFiles: removed,
      failedDeletes,
    };
  }

  /**
   * Takes a line, without its newline.
   *
   * @param isUrgent whether it is dropped last
   * @returns whether there was room for it
   */
  add(line: string, isUrgent = false): boolean {
    const maxLength = MAX_WAITING_LENGTH + (isUrgent ? MAX_URGENT_LENGTH : 0);
    if (this.#length + line.length >= maxLength) {
      this.#dropped++;
      this.#beginTrouble("it takes fewer lines than there are", 1);
      return false;
    }
    if (this.#lines.length === 0) atExit.add(this);
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (atExit.isOver) this.flushSync();
    else if (!this.#isDue && this.#run === undefined && this.#timer === undefined) {
      this.#isDue = true;
      inNeutralContext(this.#start);
    }
    return true;
  }

  /** Has the disk asked for all that waits now, once. */
  async flush(): Promise<void> {
    await this.#run;
    this.#start();
    await this.#run;
    try {
      if (this.#file !== undefined) await this.#rotation.close(this.#file);
    } catch {
      // What was written is there.
    }
  }

  /** Writes what waits, standing still for it. */
  flushSync(): void {
    if (this.#lines.length === 0) return;
    this.#turn++;
    try {
      // What is being written just now is written again, to the same place.
      while (this.#lines.length > 0) {
        const file = this.#file = this.#rotation.nextSync(this.#file);
        const { bytes, count } = this.#take(file);
        const handle = this.#files.openSync(file.path, "r+", 0);
        try {
          this.#writeSync(file, handle, bytes);
        } finally {
          this.#files.closeSync(handle);
        }
        this.#remove(file, bytes.length, count);
      }
    } catch (error) {
      const reason = errorText(error);
      this.#beginTrouble(reason);
      if (atExit.isOver) this.#tellEnd(reason);
    }
  }

  #writeSync(file: LineFile, handle: number, bytes: Uint8Array): void {
    const { size } = file;
    let start = 0;
    try {
      while (start < bytes.length) {
        const length = bytes.length - start;
        start += this.#files.writeSync(handle, bytes, start, length, size + start);
      }
    } catch (error) {
      const whole = bytes.subarray(0, bytes.subarray(0, start).lastIndexOf(NEWLINE) + 1);
      this.#files.ftruncateSync(handle, size + whole.length);
      if (whole.length > 0) this.#remove(file, whole.length, countLines(whole));
      throw error;
    }
  }

  readonly #start = (): void => {
    this.#isDue = false;
    if (this.#run !== undefined || this.#lines.length === 0) return;
    clearTimer(this.#timer);
    this.#timer = undefined;
    this.#run = this.#writeAll().finally(() => {
      this.#run = undefined;
    });
  };

  async #writeAll(): Promise<void> {
    const turn = this.#turn;
    try {
      while (this.#lines.length > 0) {
        const file = await this.#rotation.next(this.#file);
        if (turn !== this.#turn) return await this.#leave(file);
        this.#file = file;
        const { bytes, count } = this.#take(file);
        await this.#write(file, bytes);
        if (turn !== this.#turn) return;
        this.#remove(file, bytes.length, count);
      }
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#beginTrouble(errorText(error));
      this.#retry();
    }
  }

  /** Lines were written synchronously meanwhile, perhaps to another file. */
  async #leave(file: LineFile): Promise<void> {
    if (file === this.#file) return;
    await this.#rotation.close(file);
    if (file.size === 0) {
      await called<void>((done) => this.#files.unlink(file.path, done)).catch(() => {});
    }
  }

  async #write(file: LineFile, bytes: Uint8Array): Promise<void> {
    const { handle = 0, size } = file;
    const files = this.#files;
    try {
      for (let start = 0; start < bytes.length;) {
        const left = bytes.length - start;
        const count = await called<number>((done) =>
          files.write(handle, bytes, start, left, size + start, done)
        );
        if (count === 0) throw new Error("it takes nothing");
        start += count;
      }
    } catch (error) {
      // No line stays there in part, should the others go elsewhere.
      await called<void>((done) => files.ftruncate(handle, size, done)).catch(() => {});
      throw error;
    }
  }

  /** The lines that fit into a file, of those that wait: one at least. */
  #take({ size }: LineFile): { readonly bytes: Uint8Array; readonly count: number } {
    const { maxFileBytes } = this.#options;
    const room = Math.min(CHUNK_BYTES, maxFileBytes - size);
    const encoded: Uint8Array[] = [];
    let length = 0;
    for (const line of this.#lines) {
      if (length >= room) break;
      const bytes = encoder.encode(`${line}\n`);
      encoded.push(bytes);
      length += bytes.length;
    }
    const bytes = new Uint8Array(length);
    let start = 0;
    for (const one of encoded) {
      bytes.set(one, start);
      start += one.length;
    }
    return { bytes, count: encoded.length };
  }

  #remove(file: LineFile, size: number, count: number): void {
    file.size += size;
    for (const line of this.#lines.splice(0, count)) this.#length -= line.length + 1;
    this.#written += count;
    if (this.#lines.length > 0) return;
    atExit.delete(this);
    clearTimer(this.#timer);
    this.#timer = undefined;
    this.#endTrouble();
  }

  #beginTrouble(reason: string, droppedNow = 0): void {
    if (this.#droppedBefore !== undefined) return;
    this.#droppedBefore = this.#dropped - droppedNow;
    report(
      this.#options.logger,
      `${this.#name} cannot write to ${this.#options.directory}: ${reason}; up to a million ` +
        `characters wait, and are tried again`,
    );
  }

  /** Nobody tries again. */
  #tellEnd(reason: string): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    const lines = { waiting: this.pending, reason, dropped: this.#dropped };
    report(this.#options.logger, unwrittenText(this.#name, lines));
  }

  #endTrouble(): void {
    if (this.#droppedBefore === undefined) return;
    const dropped = this.#dropped - this.#droppedBefore;
    this.#droppedBefore = undefined;
    report(
      this.#options.logger,
      `${this.#name} writes to ${this.#options.directory} again; lines lost meanwhile: ${dropped}`,
    );
  }

  #retry(): void {
    inNeutralContext(() => {
      if (this.#timer !== undefined || this.#lines.length === 0) return;
      unref(
        this.#timer = setTimer(() => {
          this.#timer = undefined;
          this.#start();
        }, RETRY_INTERVAL_MS),
      );
    });
  }
}
