import { hexId } from "../../internal/hex_id.ts";
import {
  FORMAT_VERSION,
  HEADER,
  MAGIC,
  MEMBERSHIP_START,
  MEMBERSHIP_WORDS,
  sentCellsOf,
  SERIES_START,
} from "./format.ts";

/** The shared memory of one thread. */
export interface ThreadMemory {
  /** The memory itself: whoever is handed it reads the same numbers. */
  readonly buffer: SharedArrayBuffer;
  /** Which memory it is, for ever: 16 hexadecimal digits, random. */
  readonly incarnation: string;
  /** Equal where the same instruments are declared: 16 hexadecimal digits. */
  readonly catalogHash: string;
  /** The words of membership, to be used by Atomics alone. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** All of it as Int32. */
  readonly int32: Int32Array<SharedArrayBuffer>;
  /** All of it as Float64. */
  readonly float64: Float64Array<SharedArrayBuffer>;
  /** All up to the end of the text, as bytes. */
  readonly text: Uint8Array<SharedArrayBuffer>;
}

/** The words of {@linkcode ThreadMemory.words}. */
export const WORDS = {
  /** Grows while the thread's event loop turns. */
  heartbeat: 0,
  /** 1 once the thread has said goodbye. */
  ended: 1,
  /** From here on membership uses them as it likes. */
  mine: 8,
} as const;

/** How much is reserved; see {@linkcode createThreadMemory}. */
export interface ThreadMemorySize {
  /** How many Float64 the series may take. */
  readonly cells: number;
  /** How many bytes their names may take. */
  readonly textBytes: number;
}

/** What cells and text may take: where the text begins must fit into an Int32. */
export const MAX_MEMORY_BYTES = 2 ** 28;
/**
 * The least that is reserved: what is larger than 32 MiB glibc takes from the system each time, and
 * gives back to it. Of a smaller piece that it has used before it would clear, and so touch, all pages.
 */
const MIN_MEMORY_BYTES = 2 ** 25 + 2 ** 16;
const SIXTEEN_DIGITS = /^[0-9a-f]{16}$/;

/**
 * Reserves the memory of a thread, all of it at once: pages that nothing is written to cost nothing,
 * and what others were told of it stays true.
 *
 * @throws {ReferenceError} if there is no SharedArrayBuffer
 */
export function createThreadMemory(catalogHash: string, size: ThreadMemorySize): ThreadMemory {
  const textStart = (SERIES_START + size.cells) * 8;
  const sentStart = Math.ceil((textStart + size.textBytes) / 8);
  const bytes = (sentStart + 2 * sentCellsOf(size.cells)) * 8;
  const buffer = new SharedArrayBuffer(Math.max(bytes, MIN_MEMORY_BYTES));
  const words = new Int32Array(buffer);
  words[HEADER.sentStart] = sentStart;
  words[HEADER.version] = FORMAT_VERSION;
  words[HEADER.textStart] = textStart;
  writeHex(words, HEADER.catalogHash, catalogHash);
  const incarnation = crypto.getRandomValues(new Int32Array(2));
  // 0 is nobody's.
  words[HEADER.incarnation] = incarnation[0] || 1;
  words[HEADER.incarnation + 1] = incarnation[1] as number;
  Atomics.store(words, HEADER.magic, MAGIC);
  return view(buffer, words);
}

/**
 * Opens a memory that another thread reserved.
 *
 * @returns `undefined` if it is none, or one of another format
 */
export function openThreadMemory(received: unknown): ThreadMemory | undefined {
  if (typeof SharedArrayBuffer === "undefined" || !(received instanceof SharedArrayBuffer)) {
    return undefined;
  }
  if (received.byteLength % 8 !== 0 || received.byteLength < SERIES_START * 8) return undefined;
  const words = new Int32Array(received);
  const textStart = words[HEADER.textStart] as number;
  const isOurs = Atomics.load(words, HEADER.magic) === MAGIC &&
    words[HEADER.version] === FORMAT_VERSION &&
    textStart >= SERIES_START * 8 && isWithin(words, textStart, received.byteLength);
  return isOurs ? view(received, words) : undefined;
}

/** Whether there is room for the text, and for what has been sent of all cells. */
function isWithin(words: Int32Array, textStart: number, bytes: number): boolean {
  const sentStart = words[HEADER.sentStart] as number;
  const sentCells = 2 * sentCellsOf(Math.ceil(textStart / 8) - SERIES_START);
  return textStart <= sentStart * 8 && (sentStart + sentCells) * 8 <= bytes;
}

function view(buffer: SharedArrayBuffer, int32: Int32Array<SharedArrayBuffer>): ThreadMemory {
  return {
    buffer,
    int32,
    float64: new Float64Array(buffer),
    text: new Uint8Array(buffer, 0, (int32[HEADER.sentStart] as number) * 8),
    words: int32.subarray(MEMBERSHIP_START, MEMBERSHIP_START + MEMBERSHIP_WORDS),
    incarnation: readHex(int32, HEADER.incarnation),
    catalogHash: readHex(int32, HEADER.catalogHash),
  };
}

function readHex(words: Int32Array, at: number): string {
  return hexId(words[at] as number, words[at + 1] as number);
}

function writeHex(words: Int32Array, at: number, hex: string): void {
  const digits = SIXTEEN_DIGITS.test(hex) ? hex : "0".repeat(16);
  words[at] = Number.parseInt(digits.slice(0, 8), 16);
  words[at + 1] = Number.parseInt(digits.slice(8), 16);
}
