import { invalidArgument } from "../internal/arguments.ts";

/** Refuses what a query cannot be held against. */
export function assertThreshold(action: string, argument: string, value: unknown): void {
  if (Number.isFinite(value) && value as number >= 0) return;
  invalidArgument(RangeError, action, argument, "a finite number of at least 0", value);
}
