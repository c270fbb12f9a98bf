import { REDACTED } from "./redaction.ts";

/** What follows the scheme of a URL. */
export const SCHEME_END = "://";
/** What ends the authority of a URL in a text; an apostrophe may be a part of it. */
const AUTHORITY_END = /[/?#\s"<>\\]/g;
/** A name and its `=`, at the beginning of a text or of a word, in a query, a fragment or a cookie. */
const NAME = /(?<![^=&?#;,\s])([^=&?#;,\s]{1,200})=/g;
/** What comes after it: in quotes, or up to what may be no part of a value. */
const VALUE = /"(?:[^"\\]|\\[^])*"?|'[^']*'|(?:(?:basic|bearer)\s+)?[^&#;\s"<>]*/iy;
/** What may stand before a name in one word with it, as in `(name=value)`. */
const BEFORE_NAME = /^.*[(["'`{<|:/\\]/s;

/**
 * A text without what URLs in it say before the `@` of their host: a user, a password, a token. It
 * takes time in proportion to the text's length.
 */
export function withoutUserInfo(text: string): string {
  let kept = "";
  let done = 0;
  for (
    let at = text.indexOf(SCHEME_END);
    at !== -1;
    at = text.indexOf(SCHEME_END, at + SCHEME_END.length)
  ) {
    const start = at + SCHEME_END.length;
    AUTHORITY_END.lastIndex = start;
    const end = AUTHORITY_END.exec(text)?.index ?? text.length;
    const host = text.slice(start, end).lastIndexOf("@");
    if (host <= 0) continue;
    kept += `${text.slice(done, start)}${REDACTED}`;
    done = start + host;
  }
  return kept + text.slice(done);
}

/** A text whose parameters of covered names have no values any more; in proportion to its length. */
export function withoutParameters(text: string, covers: (name: string) => boolean): string {
  let kept = "";
  let done = 0;
  NAME.lastIndex = 0;
  for (let match = NAME.exec(text); match !== null; match = NAME.exec(text)) {
    const name = match[1] as string;
    // The value is looked through in turn: it may be a URL with parameters of its own.
    if (!covers(decoded(name)) && !covers(decoded(name.replace(BEFORE_NAME, "")))) continue;
    const start = VALUE.lastIndex = NAME.lastIndex;
    const [value = ""] = VALUE.exec(text) ?? [];
    if (value === "") continue;
    kept += `${text.slice(done, start)}${REDACTED}`;
    done = NAME.lastIndex = start + value.length;
  }
  return kept + text.slice(done);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
