/** The longest id that is kept as it is, in characters. */
const MAX_ID_LENGTH = 200;
/** What one is that was cut. */
const CUT = /^[^]{1,200}…\d{3,16}#[0-9a-f]{16}$/;
const MAX_CUT_LENGTH = MAX_ID_LENGTH + 1 + 16 + 1 + 16;

/**
 * An id to look things up by, of bounded length, whatever a publisher has put into it: one of more
 * than 200 characters is cut, and its length and a hash of all of it take the place of the rest, so
 * that two long ids still differ. What is cut is longer than any id that is not, and is not cut again.
 */
export function boundedId(id: string): string {
  if (typeof id !== "string") return untypedId(id);
  if (id.length <= MAX_ID_LENGTH || id.length <= MAX_CUT_LENGTH && CUT.test(id)) return id;
  // Joined anew: a slice would keep the whole text in memory.
  const start = [...id.slice(0, MAX_ID_LENGTH)].join("");
  return `${start}…${id.length}#${hash(id)}`;
}

/**
 * Who publishes without types may have put anything there: a number is the same as the text of its
 * digits, for `NaN` is not even the same as itself.
 */
function untypedId(id: unknown): string {
  return typeof id === "number" || typeof id === "bigint" ? String(id) : id as string;
}

/** 64 bits, of two hashes of the kind of FNV-1a with a finish each: no secret, but no chance either. */
function hash(text: string): string {
  let [first, second] = [0x811c9dc5, 0x9e3779b9];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x5bd1e995);
    second ^= second >>> 15;
  }
  return finished(first) + finished(second);
}

function finished(state: number): string {
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return ((state ^ (state >>> 16)) >>> 0).toString(16).padStart(8, "0");
}
