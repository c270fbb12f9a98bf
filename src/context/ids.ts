const WORDS = 256;

const words = new Uint32Array(WORDS);
/** How many of them are used up; they are drawn at the first need, for workerd allows none before. */
let used = WORDS;

function nextWord(): number {
  if (used === WORDS) {
    crypto.getRandomValues(words);
    used = 0;
  }
  return words[used++] as number;
}

/** The character code of a hexadecimal digit: that of the word's four bits from there on. */
function digit(word: number, from: number): number {
  const value = word >>> from & 15;
  return value < 10 ? 48 + value : 87 + value;
}

/**
 * The id of an operation, which is that of its span where its span takes one: 16 hexadecimal digits,
 * never all zeros. It is written at once: a text that is put together costs more where it is a key.
 */
export function newOperationId(): string {
  const [high, low] = [nextWord(), nextWord()];
  if ((high | low) === 0) return newOperationId();
  return String.fromCharCode(
    digit(high, 28),
    digit(high, 24),
    digit(high, 20),
    digit(high, 16),
    digit(high, 12),
    digit(high, 8),
    digit(high, 4),
    digit(high, 0),
    digit(low, 28),
    digit(low, 24),
    digit(low, 20),
    digit(low, 16),
    digit(low, 12),
    digit(low, 8),
    digit(low, 4),
    digit(low, 0),
  );
}

/** The id of a session that has been given none. */
export function newSessionId(): string {
  // A page that is not served over HTTPS has none.
  return typeof crypto.randomUUID === "function"
    ? crypto.randomUUID()
    : newOperationId() + newOperationId();
}
