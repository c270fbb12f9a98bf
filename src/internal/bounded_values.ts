import { cut } from "./reporting.ts";

/** So many characters are kept of a text that becomes a metric's attribute. */
export const MAX_LABEL_LENGTH = 1_000;
/** And of one that a span or a log record shows. */
export const MAX_TEXT_LENGTH = 16_000;
/** So many items are kept of a list that is an attribute. */
export const MAX_LIST_LENGTH = 1_000;

/** The mark of what `cut` cuts takes so many characters at most: a text is as long before it is cut. */
const MARK_LENGTH = 30;

/** Counts what was cut. */
export interface CutCount {
  /** How many values. */
  cut: number;
}

/** Whether a text is longer than what is kept of it. */
export function isTooLong(text: string, length: number): boolean {
  return text.length > length + MARK_LENGTH;
}

/** A text of bounded length, which ends with how much more there was. */
export function boundedText(text: string, length: number, count: CutCount): string {
  if (!isTooLong(text, length)) return text;
  count.cut++;
  return cut(text, length);
}

/** A value whose texts, or items that are texts, are of bounded length, and whose items are not too many. */
export function boundedValue(value: unknown, length: number, count: CutCount): unknown {
  if (typeof value === "string") return boundedText(value, length, count);
  if (!Array.isArray(value)) return value;
  const isLong = value.length > MAX_LIST_LENGTH;
  if (!isLong && !value.some((item) => typeof item === "string" && isTooLong(item, length))) {
    return value;
  }
  count.cut++;
  return value.slice(0, MAX_LIST_LENGTH).map((item) =>
    typeof item === "string" ? cut(item, length) : item
  );
}
