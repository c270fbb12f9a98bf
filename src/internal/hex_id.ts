/** The hexadecimal digits' character codes. */
const DIGITS = new TextEncoder().encode("0123456789abcdef");

/**
 * 64 bits as 16 hexadecimal digits. Made of its characters at once, with no buffer between: it takes
 * a third of the time, and a text that is put together costs more where it is a key.
 *
 * @param high the upper 32 bits
 * @param low the lower 32 bits
 */
export function hexId(high: number, low: number): string {
  const digit = (bits: number) => DIGITS[bits & 15] as number;
  return String.fromCharCode(
    digit(high >>> 28),
    digit(high >>> 24),
    digit(high >>> 20),
    digit(high >>> 16),
    digit(high >>> 12),
    digit(high >>> 8),
    digit(high >>> 4),
    digit(high),
    digit(low >>> 28),
    digit(low >>> 24),
    digit(low >>> 20),
    digit(low >>> 16),
    digit(low >>> 12),
    digit(low >>> 8),
    digit(low >>> 4),
    digit(low),
  );
}
