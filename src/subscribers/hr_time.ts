/**
 * An event's timestamp as OpenTelemetry's pair of seconds and nanoseconds. A bare number would be
 * taken for a `performance.now()` if it is small, and rounded up to 1,000,000,000 ns if it is just
 * below a full second.
 *
 * @param timestampMs in milliseconds since the epoch, with fractions
 */
export function toHrTime(timestampMs: number): [seconds: number, nanoseconds: number] {
  const seconds = Math.floor(timestampMs / 1_000);
  const nanoseconds = Math.round((timestampMs - seconds * 1_000) * 1e6);
  return nanoseconds < 1e9 ? [seconds, nanoseconds] : [seconds + 1, nanoseconds - 1e9];
}
