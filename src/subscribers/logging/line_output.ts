import { REQUESTS_ARE_APART } from "../../internal/neutral_context.ts";
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
}

/** The files of Node, as far as they are used. */
interface Files {
  writeSync(file: number, bytes: Uint8Array, start: number): number;
}

interface Runtime {
  readonly Deno?: { readonly stdout?: { writeSync(bytes: Uint8Array): number } };
  readonly process?: { getBuiltinModule?(id: string): Files | undefined };
}

const STDOUT = 1;
const DELETE = 0x7f;
const encoder = new TextEncoder();

/** The standard output of the process; `undefined` where there is none, as on a page. */
export function standardOutput(): LineOutput | undefined {
  // A worker has one by name alone.
  if (REQUESTS_ARE_APART) return undefined;
  const { Deno: deno, process } = globalThis as Runtime;
  const { stdout } = deno ?? {};
  if (stdout !== undefined) {
    return new ByteOutput((bytes, start) => stdout.writeSync(bytes.subarray(start)));
  }
  const files = process?.getBuiltinModule?.("node:fs");
  return files && new ByteOutput((bytes, start) => files.writeSync(STDOUT, bytes, start));
}

/** A function of the user's, which writes all of the lines or throws. */
export function functionOutput(writeLines: (lines: string) => void): LineOutput {
  return {
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
  readonly #writeSome: (bytes: Uint8Array, start: number) => number;
  #bytes = new Uint8Array();
  #start = 0;

  /** @param writeSome writes what it can, and says how many bytes these were */
  constructor(writeSome: (bytes: Uint8Array, start: number) => number) {
    this.#writeSome = writeSome;
  }

  write(lines: string): boolean {
    const isNew = lines !== "";
    if (isNew) {
      this.#bytes = this.#encode(lines);
      this.#start = 0;
    }
    try {
      while (this.#start < this.#bytes.length) {
        const count = this.#writeSome(this.#bytes, this.#start);
        if (count === 0) return false;
        this.#start += count;
      }
    } catch (error) {
      if (isFull(error)) return false;
      // With a part of a line out, the rest has to follow: the next attempt says what is wrong.
      if (isNew && this.#start > 0) return false;
      if (isNew) this.#bytes = new Uint8Array();
      throw error;
    }
    this.#bytes = new Uint8Array();
    return true;
  }

  #encode(lines: string): Uint8Array<ArrayBuffer> {
    const bytes = encoder.encode(lines);
    return isClean(lines, bytes) ? bytes : encoder.encode(escapeControls(lines));
  }
}

/**
 * Whether there is nothing in lines to be escaped. Of what is written in ASCII alone, as most lines are,
 * one character has to be looked for: much faster than a pattern is.
 */
function isClean(lines: string, bytes: Uint8Array): boolean {
  return bytes.length === lines.length && !bytes.includes(DELETE);
}

/** Whether a pipe takes no more at the moment. */
function isFull(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return code === "EAGAIN" || name === "WouldBlock";
}
