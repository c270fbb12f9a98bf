const WORDS = 256;

const words = new Uint32Array(WORDS);
/** How many of them are used up; they are drawn at the first need, for workerd allows none before. */
let used = WORDS;

/** Eight hexadecimal digits. */
function nextDigits(): string {
  if (used === WORDS) {
    crypto.getRandomValues(words);
    used = 0;
  }
  return (words[used++] as number).toString(16).padStart(8, "0");
}

/** The id of an operation: that of its span, where its span takes one, and so never all zeros. */
export function newOperationId(): string {
  const id = nextDigits() + nextDigits();
  return id === "0000000000000000" ? newOperationId() : id;
}

/** The id of a session that has been given none. */
export function newSessionId(): string {
  // A page that is not served over HTTPS has none.
  return typeof crypto.randomUUID === "function"
    ? crypto.randomUUID()
    : newOperationId() + newOperationId();
}
