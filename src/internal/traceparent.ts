/** The longest `traceparent` and `tracestate` that are read, in characters. */
const MAX_LENGTH = 512;
/** The length of a `traceparent` of version 00, and the least of later ones. */
const LENGTH = 55;
const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * The flags that are handed on: `sampled`, and `random` of level 2 (w3.org/TR/trace-context-2, "Random
 * Trace ID Flag"). The others must be 0.
 */
export const KNOWN_FLAGS = 0x03;

/** The parts of a `traceparent`. */
export interface TraceparentParts {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** 2 lower-case hexadecimal digits. */
  readonly flags: string;
}

/**
 * Reads a W3C `traceparent` (w3.org/TR/trace-context), strictly: `undefined` if it is malformed or
 * too long, has the forbidden version `ff`, or an id that is all zeros. Of versions after 00, the
 * fields known from 00 are read.
 */
export function splitTraceparent(traceparent: unknown): TraceparentParts | undefined {
  if (typeof traceparent !== "string") return undefined;
  // First of all, so that no pattern runs over a megabyte.
  if (traceparent.length < LENGTH || traceparent.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags, rest] = PATTERN.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, flags };
}

/** Writes what identifies a span as a W3C `traceparent`, with the flags that are handed on. */
export function toTraceparent(
  { traceId, spanId, traceFlags }: {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceFlags: number;
  },
): string {
  return `00-${traceId}-${spanId}-0${traceFlags & KNOWN_FLAGS}`;
}
