import { hexId } from "../../internal/hex_id.ts";
import type { Exemplar } from "../../subscribers/metrics/series.ts";
import { EXEMPLAR, EXEMPLAR_NUMBERS } from "./format.ts";

const TRACE_ID = /^[0-9a-f]{32}$/i;
const SPAN_ID = /^[0-9a-f]{16}$/i;
const DIGITS_A_NUMBER = 8;

/** Writes the exemplar of a bucket. @returns whether it can be: ids may be anybody's */
export function writeExemplar(
  cells: Float64Array,
  bucket: number,
  { value, timestampMs, traceId, spanId }: Exemplar,
): boolean {
  if (!TRACE_ID.test(traceId) || !SPAN_ID.test(spanId)) return false;
  const at = bucket * EXEMPLAR_NUMBERS;
  cells[at + EXEMPLAR.value] = value;
  cells[at + EXEMPLAR.timestampMs] = timestampMs;
  const digits = traceId + spanId;
  for (let i = 0; i < digits.length / DIGITS_A_NUMBER; i++) {
    const part = digits.slice(i * DIGITS_A_NUMBER, (i + 1) * DIGITS_A_NUMBER);
    cells[at + EXEMPLAR.trace + i] = Number.parseInt(part, 16);
  }
  return true;
}

/** The exemplar of a bucket; `undefined` if it has none. */
export function readExemplar(read: readonly number[], bucket: number): Exemplar | undefined {
  const at = bucket * EXEMPLAR_NUMBERS;
  const number = (i: number) => read[at + i] as number;
  const timestampMs = number(EXEMPLAR.timestampMs);
  if (timestampMs === 0) return undefined;
  const { trace, span } = EXEMPLAR;
  return {
    value: number(EXEMPLAR.value),
    timestampMs,
    traceId: hexId(number(trace), number(trace + 1)) + hexId(number(trace + 2), number(trace + 3)),
    spanId: hexId(number(span), number(span + 1)),
  };
}

/** Takes over what is newer, bucket by bucket. */
export function mergeExemplars(newest: (Exemplar | undefined)[], read: readonly number[]): void {
  const buckets = read.length / EXEMPLAR_NUMBERS;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const timestampMs = read[bucket * EXEMPLAR_NUMBERS + EXEMPLAR.timestampMs] as number;
    // Most buckets have none, and nothing is made of what is older.
    if (timestampMs === 0 || timestampMs <= (newest[bucket]?.timestampMs ?? 0)) continue;
    newest[bucket] = readExemplar(read, bucket);
  }
}
