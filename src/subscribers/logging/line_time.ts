import { MAX_TIME_MS } from "../../internal/tuning.ts";

/** Most records are of the second of the one before, and many of its millisecond. */
let knownSecond = NaN;
let secondText = "";
let knownMs = NaN;
let msText = "";

/** A time as JSON, ISO 8601; one beyond what a `Date` can hold stays a number. */
export function isoTimeText(timestampMs: number): string {
  const ms = Math.floor(timestampMs);
  if (ms === knownMs) return msText;
  if (!(Math.abs(ms) <= MAX_TIME_MS)) return JSON.stringify(timestampMs);
  const second = Math.floor(ms / 1_000);
  if (second !== knownSecond) {
    knownSecond = second;
    secondText = new Date(second * 1_000).toISOString().slice(0, -4);
  }
  knownMs = ms;
  return msText = `"${secondText}${String(ms - second * 1_000).padStart(3, "0")}Z"`;
}

/** A time as JSON, in whole milliseconds since the epoch. */
export function epochMsText(timestampMs: number): string {
  return JSON.stringify(Math.floor(timestampMs));
}
