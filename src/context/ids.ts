import { hexId } from "../internal/hex_id.ts";

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

/**
 * The id of an operation, which is that of its span where its span takes one: 16 hexadecimal digits,
 * never all zeros.
 */
export function newOperationId(): string {
  const [high, low] = [nextWord(), nextWord()];
  if ((high | low) === 0) return newOperationId();
  return hexId(high, low);
}

/** The id of a session that has been given none. */
export function newSessionId(): string {
  // A page that is not served over HTTPS has none.
  return typeof crypto.randomUUID === "function"
    ? crypto.randomUUID()
    : newOperationId() + newOperationId();
}
