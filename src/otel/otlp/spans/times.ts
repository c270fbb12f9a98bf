import type { HrTime } from "@opentelemetry/api";

/** The last second that begins within OTLP's 64 bits of nanoseconds, in the year 2554. */
const LAST_SECOND = 18_446_744_073;
/** The last nanosecond of it that they hold. */
const LAST_NANOSECOND = 709_551_615;

/**
 * The whole seconds of a time as OTLP can carry them. Spans that others make may have any: a time
 * before 1970, after 2554, or that is none, becomes the first or the last. It would have a receiver
 * refuse all spans that come with it, if these could be written at all.
 */
export function secondsOf([seconds]: HrTime): number {
  // What is not a number is not above 0 either.
  return seconds > 0 ? Math.min(Math.trunc(seconds), LAST_SECOND) : 0;
}

/** The nanoseconds that a time has beyond its seconds, as OTLP can carry them. */
export function nanosecondsOf([seconds, nanoseconds]: HrTime): number {
  if (!(nanoseconds > 0 && seconds >= 0)) return 0;
  return Math.min(Math.trunc(nanoseconds), seconds < LAST_SECOND ? 999_999_999 : LAST_NANOSECOND);
}
