import type { HrTime } from "@opentelemetry/api";
import { nanosecondsOf, secondsOf } from "./times.ts";

const TWO_TO_32 = 2 ** 32;
/** Longer texts are encoded by the runtime: only then is it faster. */
const MAX_SHORT_TEXT = 128;
const MAX_VARINT_BYTES = 10;

const encoder = new TextEncoder();

/** The bytes of a hexadecimal digit's value, by its character code; 0 for what is none. */
const HEX_VALUES = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 0 : value;
});

/** A field's number with its wire type, as it is written (protobuf.dev/programming-guides/encoding). */
export const varintField = (number: number): number => number << 3;
export const fixed64Field = (number: number): number => number << 3 | 1;
export const lengthField = (number: number): number => number << 3 | 2;
export const fixed32Field = (number: number): number => number << 3 | 5;

/** Writes a protobuf message into one growing buffer; messages within it in place, without copies. */
export class ProtobufWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;
  /** Nearly always those of the time before, and their nanoseconds, the lower 32 bits apart. */
  #seconds = 0;
  #secondsLow = 0;
  #secondsHigh = 0;

  /** @param size how many bytes it will probably be */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /**
   * Begins a message within the message.
   *
   * @param lengthBytes how many bytes its length will probably take; else what it holds is moved
   * @returns what `end` takes
   */
  begin(field: number, lengthBytes: number): number {
    return this.#at = this.#field(field, lengthBytes) + lengthBytes;
  }

  /** Ends a message that `begin` has begun. */
  end(start: number, lengthBytes: number): void {
    const length = this.#at - start;
    const from = start - lengthBytes;
    if (lengthBytes === 1 && length < 128) {
      this.#bytes[from] = length;
      return;
    }
    const needed = varintLength(length);
    if (needed !== lengthBytes) {
      this.#reserve(MAX_VARINT_BYTES);
      this.#bytes.copyWithin(from + needed, start, this.#at);
    }
    this.#at = this.#varint(from, length) + length;
  }

  /** Writes a text; an empty one too, for it may stand for a value. */
  text(field: number, value: string): void {
    const { length } = value;
    if (length > MAX_SHORT_TEXT - 1) return this.bytes(field, encoder.encode(value));
    let at = this.#field(field, 1 + length);
    const bytes = this.#bytes;
    bytes[at++] = length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return this.bytes(field, encoder.encode(value));
      bytes[at++] = code;
    }
    this.#at = at;
  }

  bytes(field: number, value: Uint8Array): void {
    const { length } = value;
    const at = this.#varint(this.#field(field, MAX_VARINT_BYTES + length), length);
    this.#bytes.set(value, at);
    this.#at = at + length;
  }

  /** Writes the bytes that hexadecimal digits stand for, such as a trace's id. */
  hex(field: number, digits: string): void {
    const length = digits.length >> 1;
    let at = this.#varint(this.#field(field, MAX_VARINT_BYTES + length), length);
    const bytes = this.#bytes;
    for (let i = 0; i < 2 * length; i += 2) {
      const high = HEX_VALUES[digits.charCodeAt(i)] as number;
      bytes[at++] = high << 4 | (HEX_VALUES[digits.charCodeAt(i + 1)] as number);
    }
    this.#at = at;
  }

  /** Writes an integer of 64 bits at most. */
  integer(field: number, value: number): void {
    this.#at = this.#varint(this.#field(field, MAX_VARINT_BYTES), value);
  }

  double(field: number, value: number): void {
    const at = this.#field(field, 8);
    this.#view.setFloat64(at, value, true);
    this.#at = at + 8;
  }

  fixed32(field: number, value: number): void {
    const at = this.#field(field, 4);
    this.#view.setUint32(at, value, true);
    this.#at = at + 4;
  }

  /** Writes a time as nanoseconds, in 64 bits. */
  time(field: number, time: HrTime): void {
    const seconds = secondsOf(time);
    if (seconds !== this.#seconds) this.#setSeconds(seconds);
    const low = this.#secondsLow + nanosecondsOf(time);
    const high = low < TWO_TO_32 ? this.#secondsHigh : this.#secondsHigh + 1;
    const at = this.#field(field, 8);
    this.#view.setUint32(at, low, true);
    this.#view.setUint32(at + 4, high, true);
    this.#at = at + 8;
  }

  /** Has seconds ready as nanoseconds: in halves, whose products numbers can hold. */
  #setSeconds(seconds: number): void {
    const upper = Math.floor(seconds / 65_536) * 1e9;
    const lower = (seconds % 65_536) * 1e9 + upper % 65_536 * 65_536;
    this.#seconds = seconds;
    this.#secondsLow = lower % TWO_TO_32;
    this.#secondsHigh = Math.floor(upper / 65_536) + Math.floor(lower / TWO_TO_32);
  }

  /** Writes a field's number, with room for what follows it. @returns where that begins */
  #field(field: number, size: number): number {
    this.#reserve(2 + size);
    let at = this.#at;
    if (field > 127) this.#bytes[at++] = field & 127 | 128;
    this.#bytes[at++] = field > 127 ? field >>> 7 : field;
    return at;
  }

  /** Writes an integer there, where there is room. @returns where it ends */
  #varint(start: number, value: number): number {
    const bytes = this.#bytes;
    let at = start;
    let rest = value;
    if (rest < 0) {
      // In two's complement, of which every bit is written.
      let bits = BigInt.asUintN(64, BigInt(rest));
      for (; bits > 127n; bits >>= 7n) bytes[at++] = Number(bits & 127n) | 128;
      bytes[at++] = Number(bits);
      return at;
    }
    for (; rest >= TWO_TO_32; rest = Math.floor(rest / 128)) bytes[at++] = rest % 128 | 128;
    for (; rest > 127; rest >>>= 7) bytes[at++] = rest & 127 | 128;
    bytes[at++] = rest;
    return at;
  }

  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++;
  return length;
}
