import { REDACTED } from "./redaction.ts";

/** What follows the scheme of a URL. */
export const SCHEME_END = "://";
/** What ends the authority of a URL in a text. */
const AUTHORITY_END = /[/?#\s"'<>\\]/g;
/** `name=value` at the beginning of a text, in a query, a fragment, a form or a cookie. */
const PARAMETER = /(^|[?&#;])(\s*)([^=&?#;\s]{1,200})=([^&#;\s"'<>]*)/g;

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

/** A text whose parameters of covered names have no values any more. */
export function withoutParameters(text: string, covers: (name: string) => boolean): string {
  return text.replace(
    PARAMETER,
    (parameter, before: string, space: string, name: string, value: string) =>
      value !== "" && covers(decoded(name)) ? `${before}${space}${name}=${REDACTED}` : parameter,
  );
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}
