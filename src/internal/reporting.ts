import type { Logger } from "./logger.ts";

/** The most characters of a line; a name, a type or a value in it has fewer. */
const MAX_LINE_LENGTH = 4_000;
/** The most characters that are kept and shown of a name or a value. */
const MAX_NAME_LENGTH = 200;
/** The most characters of a mark that says how much is missing. */
const MAX_MARK_LENGTH = 30;

/** How many calls of loggers and sinks are on the stack. */
let depth = 0;
const echoes = new WeakSet<object>();

/** Remembers an event that is published by a logger or a sink that is being called. */
export function markEcho(event: object): void {
  if (depth > 0) echoes.add(event);
}

/**
 * Whether a logger or a sink has published the event while it was called: who logs it, would have it
 * come back for ever.
 */
export const isEcho = (event: object): boolean => echoes.has(event);

/** Whether a logger or a sink is being called. */
export const isReporting = (): boolean => depth > 0;

/** Calls a logger or a sink; see {@linkcode isEcho}. */
export function whileReporting<Result>(call: () => Result): Result {
  depth++;
  try {
    return call();
  } finally {
    depth--;
  }
}

/**
 * Logs one line under the package's name. A logger that throws or rejects changes nothing else.
 *
 * @param onFailure called then
 */
export function report(logger: Logger, text: string, onFailure: () => void = () => {}): void {
  // What ends a line or steers a terminal is written as in JSON.
  const line = cut(`busbar: ${text}`, MAX_LINE_LENGTH).replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  // An async function: what it throws and what it awaits reject alike.
  (async () => await whileReporting(() => logger.warn(line)))().catch(onFailure);
}

/**
 * A text up to a length; one that is longer ends with how many more characters there were. One that
 * was cut already stays as it is.
 */
export function cut(text: string, length: number = MAX_NAME_LENGTH): string {
  if (text.length <= length + MAX_MARK_LENGTH) return text;
  // Joined anew: a slice would keep the whole text in memory.
  return `${[...text.slice(0, length)].join("")}… (${text.length - length} more)`;
}

/** What a handler, a class or a subscriber is called, whatever its name is. */
export function nameOf(named: unknown): string {
  try {
    const { name } = named as { name?: unknown };
    if (typeof name === "string" && name) return cut(name);
  } catch {
    // It has a name that throws.
  }
  return "(anonymous)";
}

/** What an error says, whatever was thrown; of several errors, what each says: it may be one of them. */
export function errorText(error: unknown, isInner = false): string {
  try {
    const text = String(error instanceof Error ? error.message || error.name : error);
    return error instanceof AggregateError && !isInner
      ? `${text}: ${error.errors.map((inner) => errorText(inner, true)).join("; ")}`
      : text;
  } catch {
    return typeof error;
  }
}
