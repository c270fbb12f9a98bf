import { MAX_TIME_MS } from "../../internal/tuning.ts";
import type { LogRecord } from "./log_record.ts";

/** What ends a line by Unicode, or steers a terminal, and is not escaped by JSON. */
const CONTROLS = /[\x7f-\x9f\u2028\u2029]/g;
/** How many texts of event types are kept, and of how long ones. */
const MAX_TYPE_TEXTS = 1_000;
const MAX_TYPE_LENGTH = 200;

const typeTexts = new Map<string, string>();

/**
 * A record as one object of JSON. What {@linkcode escapeControls} escapes may still be in it: that is
 * looked for in many lines at once.
 */
export function toJsonLine(record: LogRecord): string {
  const { level, body, eventType, sessionId, operationId, traceId } = record;
  const type = typeText(eventType);
  let line = `{"timestamp":${timeText(record.timestampMs)},"level":"${level}","body":${
    body === eventType ? type : JSON.stringify(body)
  },"eventType":${type}`;
  if (sessionId !== "") line += `,"sessionId":${JSON.stringify(sessionId)}`;
  if (operationId !== "") line += `,"operationId":${JSON.stringify(operationId)}`;
  if (traceId !== undefined) {
    const { spanId, traceFlags } = record;
    // Without its braces: what is undefined is left out.
    line += `,${JSON.stringify({ traceId, spanId, traceFlags }).slice(1, -1)}`;
  }
  return `${line},"attributes":${JSON.stringify(record.attributes)}}`;
}

/** Lines without what ends a line by Unicode, or steers a terminal. */
export function escapeControls(lines: string): string {
  return lines.replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text of a type, which comes again and again. */
function typeText(type: string): string {
  const known = typeTexts.get(type);
  if (known !== undefined) return known;
  const text = JSON.stringify(type);
  if (type.length > MAX_TYPE_LENGTH) return text;
  if (typeTexts.size >= MAX_TYPE_TEXTS) typeTexts.clear();
  typeTexts.set(type, text);
  return text;
}

/** Most records are of the second of the one before, and many of its millisecond. */
let knownSecond = NaN;
let secondText = "";
let knownMs = NaN;
let msText = "";

/** A time beyond what a `Date` can hold stays a number. */
function timeText(timestampMs: number): string {
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
