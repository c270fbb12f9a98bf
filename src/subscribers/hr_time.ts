/** The last millisecond whose nanoseconds fit into OTLP's 64 bits: in the year 2554. */
const LAST_MS = Math.floor((2 ** 64 - 2 ** 11) / 1e6);

/**
 * An event's timestamp as OpenTelemetry's pair of seconds and nanoseconds. A bare number would be
 * taken for a `performance.now()` if it is small, and rounded up to 1,000,000,000 ns if it is just
 * below a full second. What OTLP cannot hold, a time before 1970 or after 2554, becomes its first
 * or last: one record with such a time would have a receiver refuse all that come with it.
 *
 * @param timestampMs in milliseconds since the epoch, with fractions
 */
export function toHrTime(timestampMs: number): [seconds: number, nanoseconds: number] {
  const ms = Math.min(Math.max(0, timestampMs), LAST_MS);
  const seconds = Math.floor(ms / 1_000);
  const nanoseconds = Math.round((ms - seconds * 1_000) * 1e6);
  return nanoseconds < 1e9 ? [seconds, nanoseconds] : [seconds + 1, nanoseconds - 1e9];
}
