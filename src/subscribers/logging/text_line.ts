import type { LogLevel } from "../../catalog/log.ts";
import type { LogRecord, LogValue } from "./log_record.ts";

/** What ends a line, steers a terminal, or turns the order of what it shows around. */
const UNSAFE =
  // deno-lint-ignore no-control-regex -- these are what it is about
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
/** A value that is clear without quotes. */
const PLAIN = /^[\w.:/@+-]+$/;
/** What further lines of a text begin with: no record does. */
const INDENT = "    ";

/** SGR parameters. */
const COLORS: Readonly<Record<LogLevel, string>> = {
  trace: "90",
  debug: "36",
  info: "32",
  warn: "33",
  error: "31",
  fatal: "1;31",
};
const DIM = "2";

/**
 * A record as people read it: `14:03:07.512 WARN  cache.miss  key not found  key=a1 session=s1`, at local
 * time. Texts of several lines, such as stack traces, go on below it, indented. Nothing in it steers a
 * terminal but colours, and nothing depends on its width.
 */
export function toTextLine(record: LogRecord, hasColors: boolean): string {
  const { level, body, eventType, sessionId, traceId } = record;
  const paint = (code: string, text: string) => hasColors ? `\x1b[${code}m${text}\x1b[0m` : text;
  const below: string[] = [];
  const pair = (name: string, value: LogValue) => {
    const stack = multiLineOf(value);
    if (stack !== undefined) below.push(`${safe(name)}: ${indented(stack)}`);
    return paint(DIM, `${safe(name)}=`) + (stack === undefined ? shown(value) : "↓");
  };
  const parts = [
    `${paint(DIM, timeOf(record.timestampMs))} ${
      paint(COLORS[level], level.toUpperCase().padEnd(5))
    }`,
    body === eventType ? safe(eventType) : `${paint(DIM, safe(eventType))} ${indented(body)}`,
    ...Object.entries(record.attributes).map(([name, value]) => pair(name, value)),
    ...(sessionId === "" ? [] : [pair("session", sessionId)]),
    ...(traceId === undefined ? [] : [pair("trace", traceId)]),
  ];
  return [parts.join(" "), ...below.map((text) => INDENT + text)].join("\n");
}

/** A text of several lines, or the stack of an error. */
function multiLineOf(value: LogValue): string | undefined {
  if (typeof value === "string") return value.includes("\n") ? value : undefined;
  const stack = (value as { readonly stack?: LogValue } | null)?.stack;
  return typeof stack === "string" && !Array.isArray(value) ? stack : undefined;
}

function shown(value: LogValue): string {
  return typeof value === "string" && PLAIN.test(value) ? value : safe(JSON.stringify(value));
}

/** Of what ends a line, each further line begins so that nobody takes it for a record. */
function indented(text: string): string {
  return text.split(/\r?\n/).map(safe).join(`\n${INDENT}`);
}

function safe(text: string): string {
  return text.replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function timeOf(timestampMs: number): string {
  const date = new Date(timestampMs);
  if (Number.isNaN(date.getTime())) return String(timestampMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${
    String(date.getMilliseconds()).padStart(3, "0")
  }`;
}
