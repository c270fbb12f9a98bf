import { assertAboveZero, assertPositiveInteger } from "../../internal/arguments.ts";

/** The limits of what waits for an end. */
export interface OpenPairsLimits {
  /** How many starts may wait; beyond that, the oldest expires. An integer of at least 1. */
  readonly maxOpenPairs: number;
  /** How long a start may wait, in milliseconds, above 0. */
  readonly maxPairAgeMs: number;
}

/** The defaults: 10,000 starts, ten minutes. */
export const DEFAULT_OPEN_PAIRS_LIMITS: OpenPairsLimits = Object.freeze({
  maxOpenPairs: 10_000,
  maxPairAgeMs: 600_000,
});

/**
 * Checks limits and fills in their defaults.
 *
 * @param action what cannot be done if one is invalid, such as `"create TracingSubscriber"`
 * @throws {RangeError} if a limit is out of range
 */
export function resolveOpenPairsLimits(
  action: string,
  limits: { readonly [Name in keyof OpenPairsLimits]?: number | undefined },
): OpenPairsLimits {
  const {
    maxOpenPairs = DEFAULT_OPEN_PAIRS_LIMITS.maxOpenPairs,
    maxPairAgeMs = DEFAULT_OPEN_PAIRS_LIMITS.maxPairAgeMs,
  } = limits;
  assertPositiveInteger(action, "maxOpenPairs", maxOpenPairs);
  assertAboveZero(action, "maxPairAgeMs", maxPairAgeMs);
  return { maxOpenPairs, maxPairAgeMs };
}
