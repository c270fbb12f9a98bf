/** How many of so many items an error says were rejected: all, unless it says. */
export function rejectedBy(error: unknown, length: number): number {
  if (typeof error !== "object" || error === null || !("rejectedCount" in error)) return length;
  const { rejectedCount } = error;
  if (typeof rejectedCount !== "number" || !(rejectedCount >= 0)) return length;
  return Math.min(Math.trunc(rejectedCount), length);
}
