import { escapeControls } from "./json_line.ts";

/** Where many lines go at once. */
export interface LineOutput {
  /**
   * Writes lines; or, without any, what is left of the last ones.
   *
   * @returns whether nothing is left of them; else it wants no others before
   * @throws what keeps it from writing: it has taken none of these lines, and has what was left
   */
  write(lines: string): boolean;
  /** How many bytes it has still to write, of lines that it was given. */
  readonly left: number;
  /** How many of those lines are not written whole. */
  readonly leftLines: number;
  /** Forgets what is left. */
  discard(): void;
  /** Called when it may take more, by an output that says so; others are asked again and again. */
  onReady?: (() => void) | undefined;
  /**
   * The same as `write`, where nothing else may happen any more; given by an output whose `write` cannot
   * end then.
   */
  finish?(lines: string): boolean;
  /** Whether the console would stand still as long as this output is full. */
  readonly blocksConsole?: boolean | undefined;
}

const DELETE = 0x7f;
/** What ends a line. */
export const NEWLINE = 0x0a;
const NOTHING = new Uint8Array();
const encoder = new TextEncoder();

/** A function of the user's, which writes all of the lines or throws. */
export function functionOutput(writeLines: (lines: string) => void): LineOutput {
  return {
    left: 0,
    leftLines: 0,
    discard() {},
    write: (lines) => {
      if (lines !== "") {
        writeLines(isClean(lines, encoder.encode(lines)) ? lines : escapeControls(lines));
      }
      return true;
    },
  };
}

/** Something that may take a part of what it is given. */
export class ByteOutput implements LineOutput {
  readonly #writeSome: (bytes: Uint8Array, start: number, end: number) => number;
  readonly #maxPieceBytes: number;
  readonly blocksConsole: boolean;
  #bytes: Uint8Array = NOTHING;
  #start = 0;

  /**
   * @param writeSome writes what it can, and says how many bytes these were
   * @param options `maxPieceBytes`: no more is written at once; lines that are no longer are written whole, as
   * many as fit
   */
  constructor(
    writeSome: (bytes: Uint8Array, start: number, end: number) => number,
    { maxPieceBytes = Infinity, blocksConsole = false } = {},
  ) {
    this.#writeSome = writeSome;
    this.#maxPieceBytes = maxPieceBytes;
    this.blocksConsole = blocksConsole;
  }

  get left(): number {
    return this.#bytes.length - this.#start;
  }

  get leftLines(): number {
    return countLines(this.#bytes, this.#start);
  }

  discard(): void {
    this.#bytes = NOTHING;
    this.#start = 0;
  }

  write(lines: string): boolean {
    const isNew = lines !== "";
    if (isNew) {
      this.#bytes = encodeLines(lines);
      this.#start = 0;
    }
    try {
      while (this.left > 0) {
        const count = this.#writeSome(
          this.#bytes,
          this.#start,
          endOfPiece(this.#bytes, this.#start, this.#maxPieceBytes),
        );
        if (count === 0) return false;
        this.#start += count;
      }
    } catch (error) {
      if (isFull(error)) return false;
      // With a part of a line out, the rest has to follow: the next attempt says what is wrong.
      if (isNew && this.#start > 0) return false;
      if (isNew) this.discard();
      throw error;
    }
    this.discard();
    return true;
  }
}

/** Where a piece of bytes ends: as many whole lines as fit, or a part of one that does not. */
export function endOfPiece(bytes: Uint8Array, start: number, maxBytes: number): number {
  const end = start + maxBytes;
  if (end >= bytes.length) return bytes.length;
  const last = bytes.lastIndexOf(NEWLINE, end - 1);
  return last >= start ? last + 1 : end;
}

/** How many lines end in bytes. */
export function countLines(bytes: Uint8Array, start = 0): number {
  let count = 0;
  for (let at = start; (at = bytes.indexOf(NEWLINE, at) + 1) > 0;) count++;
  return count;
}

/** The bytes of lines, without what ends a line by Unicode, or steers a terminal. */
export function encodeLines(lines: string): Uint8Array<ArrayBuffer> {
  const bytes = encoder.encode(lines);
  return isClean(lines, bytes) ? bytes : encoder.encode(escapeControls(lines));
}

/**
 * Whether there is nothing in lines to be escaped. Of what is written in ASCII alone, as most lines are,
 * one character has to be looked for: much faster than a pattern is.
 */
function isClean(lines: string, bytes: Uint8Array): boolean {
  return bytes.length === lines.length && !bytes.includes(DELETE);
}

/** Whether an output takes no more at the moment. */
export function isFull(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "EAGAIN" || name === "WouldBlock";
}

/** Whether nobody reads an output any more: what it was given is lost. */
export function isGone(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return code === "EPIPE" || name === "BrokenPipe";
}

/** Where nothing else may happen any more. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
