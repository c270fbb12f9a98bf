/** How much of a value a message shows. */
const MAX_LENGTH = 80;

/** Text that others wrote, as a terminal may have it: on one line, and nothing that it would obey. */
export function clean(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A value that was received, as a message shows it: clean and not too long. */
export function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);
  return clean(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text);
}
