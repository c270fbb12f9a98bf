import type { AttributeLimitsConfig } from "../config/config.ts";

/** The limits as the SDK takes them, for which no limit is an absent one. */
export function toSdkLimits<Limits extends AttributeLimitsConfig>(
  { attributeValueLengthLimit, ...limits }: Limits,
): Omit<Limits, "attributeValueLengthLimit"> & { attributeValueLengthLimit?: number } {
  return attributeValueLengthLimit === undefined
    ? limits
    : { ...limits, attributeValueLengthLimit };
}
