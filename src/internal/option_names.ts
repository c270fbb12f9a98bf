/**
 * Refuses names that are not among the known ones, such as misspelt options. A name whose value is
 * `undefined` counts as absent.
 *
 * @param action what cannot be done, such as `"create LoggingSubscriber"`
 * @param kind what a name stands for, such as `"option"`
 * @throws {TypeError} that names the wrong name and the nearest right one, or all if none is near
 */
export function assertKnownNames(
  action: string,
  kind: string,
  given: object,
  known: readonly string[],
): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const advice = nearest === undefined
      ? `there are ${known.join(", ")}`
      : `did you mean ${JSON.stringify(nearest)}?`;
    throw new TypeError(
      `Cannot ${action}: there is no ${kind} ${JSON.stringify(name)}; ${advice}`,
    );
  }
}

/**
 * The known name that takes the fewest edits, `undefined` if it takes more than a third of it. A
 * name that was cut short, or has something appended, is less than one edit away; of several such,
 * the one that is nearest in length is meant.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Infinity;
  for (const candidate of known) {
    const [given, right] = [name.toLowerCase(), candidate.toLowerCase()];
    const isCut = given !== "" && (right.startsWith(given) || given.startsWith(right));
    const missing = Math.abs(given.length - right.length);
    const edits = isCut ? 1 - 1 / (1 + missing) : editDistance(given, right);
    if (edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return fewest <= Math.max(1, Math.ceil(name.length / 3)) ? nearest : undefined;
}

/** Longer names are misspelt beyond recognition; comparing them would only take time. */
const MAX_COMPARED_LENGTH = 64;

/** How many characters are to be inserted, deleted or replaced (Levenshtein's distance). */
function editDistance(a: string, b: string): number {
  if (Math.max(a.length, b.length) > MAX_COMPARED_LENGTH) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
