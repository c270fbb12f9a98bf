import { isoTimeText } from "./line_time.ts";
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
  let line = `{"timestamp":${isoTimeText(record.timestampMs)},"level":"${level}","body":${
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
export function typeText(type: string): string {
  const known = typeTexts.get(type);
  if (known !== undefined) return known;
  const text = JSON.stringify(type);
  if (type.length > MAX_TYPE_LENGTH) return text;
  if (typeTexts.size >= MAX_TYPE_TEXTS) typeTexts.clear();
  typeTexts.set(type, text);
  return text;
}
