import { format } from "../../internal/arguments.ts";
import type { AttributeValue } from "../../catalog/attributes.ts";

/** What a setting's value must be. */
export interface Rule {
  /** In words, as they follow "must be". */
  readonly text: string;
  /** Whether a value is so. */
  check(value: unknown): boolean;
  /** The value that a flag's or a variable's text stands for; what `check` refuses if for none. */
  parse(text: string): unknown;
  /** A refused value as a message may show it. */
  format(value: unknown): string;
  /** Whether what it refuses is out of range, rather than of another type. */
  readonly isRangeRule: boolean;
  /** The largest value, of an integer. */
  readonly max?: number;
}

/** `true` or `false`; in a text, in any case. */
export const BOOLEAN: Rule = {
  text: "true or false",
  check: (value) => typeof value === "boolean",
  parse: (text) => ({ true: true, false: false })[text.toLowerCase()] ?? text,
  format,
  isRangeRule: false,
};

/** Text that is not empty. */
export const TEXT: Rule = {
  text: "text that is not empty",
  check: (value) => typeof value === "string" && value.trim() !== "",
  parse: (text) => text,
  format,
  isRangeRule: false,
};

/** A name or an address of this machine. */
export const HOST: Rule = {
  ...TEXT,
  text: "a host name or an address",
  check: (value) => typeof value === "string" && /^[^\s/@?#]+$/.test(value),
  format: (value) => typeof value === "string" ? format(withoutSecrets(value)) : format(value),
};

/** What may be a URL, without its credentials and its query. */
function withoutSecrets(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@").replace(/\?.*$/s, "?…");
}

/** An integer in a range. */
export function integer(min: number, max: number): Rule {
  return {
    text: max === Number.MAX_SAFE_INTEGER
      ? `an integer of at least ${min}`
      : `an integer from ${min} to ${max}`,
    check: (value) =>
      Number.isSafeInteger(value) && value as number >= min && value as number <= max,
    parse: (text) => /^[+-]?\d+$/.test(text) ? Number(text) : text,
    format,
    isRangeRule: true,
    max,
  };
}

/** A number that `check` accepts. */
export function number(text: string, check: (value: number) => boolean): Rule {
  return {
    text,
    check: (value) => typeof value === "number" && check(value),
    parse: (text) => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text,
    format,
    isRangeRule: true,
  };
}

/** One of some words; in a text, in any case. */
export function oneOf(words: readonly string[]): Rule {
  const quoted = words.map((word) => JSON.stringify(word));
  return {
    text: words.length === 2 ? quoted.join(" or ") : `one of ${quoted.join(", ")}`,
    check: (value) => words.includes(value as string),
    parse: (text) => words.find((word) => word === text.toLowerCase()) ?? text,
    format,
    isRangeRule: false,
  };
}

/** A list of some words. */
export function listOf(words: readonly string[]): Rule {
  return {
    text: `a list of ${words.map((word) => JSON.stringify(word)).join(", ")}`,
    check: (value) => Array.isArray(value) && value.every((word) => words.includes(word)),
    parse: (text) => text.split(",").map((word) => word.trim()),
    format,
    isRangeRule: false,
  };
}

/** Where OTLP goes. Credentials belong into headers: `fetch` refuses such URLs. */
export const ENDPOINT: Rule = {
  text: "an http or https URL without a user name and password",
  check: (value) => {
    if (typeof value !== "string" || !/^https?:\/\//i.test(value)) return false;
    if (!URL.canParse(value)) return false;
    const { username, password } = new URL(value);
    return username === "" && password === "";
  },
  parse: (text) => text,
  // Neither the credentials nor the query are anybody's business.
  format: (value) => typeof value === "string" ? format(withoutSecrets(value)) : format(value),
  isRangeRule: false,
};

/** Attributes by name. */
export const ATTRIBUTES: Rule = {
  text: "attributes by name: strings, numbers, booleans or arrays of one of these",
  check: (value) => isRecord(value) && Object.values(value).every(isAttributeValue),
  parse: (text) => parsePairs(text) ?? text,
  format,
  isRangeRule: false,
};

/** Headers by name. Whatever they are, they are never shown. */
export const HEADERS: Rule = {
  text: "headers: names with printable values",
  check: (value) =>
    isRecord(value) &&
    Object.entries(value).every(([name, header]) =>
      /^[!#$%&'*+.^_`|~\w-]+$/.test(name) && typeof header === "string" &&
      /^[\t\x20-\x7e\x80-\xff]*$/.test(header)
    ),
  parse: (text) => parsePairs(text) ?? text,
  format: () => "something else (values of headers are not shown)",
  isRangeRule: false,
};

/** `name=value` pairs behind commas, both percent-encoded; `undefined` if it is something else. */
function parsePairs(text: string): Record<string, string> | undefined {
  const pairs: [name: string, value: string][] = [];
  for (const entry of text.split(",")) {
    if (entry.trim() === "") continue;
    const at = entry.indexOf("=");
    const name = entry.slice(0, Math.max(0, at)).trim();
    if (name === "") return undefined;
    try {
      pairs.push([decodeURIComponent(name), decodeURIComponent(entry.slice(at + 1).trim())]);
    } catch {
      // A `%` that begins no escape: the whole text is refused, as the specification asks for.
      return undefined;
    }
  }
  return Object.fromEntries(pairs);
}

/**
 * Whether it is a plain object: the fields of others, such as `Headers`, are not what they hold.
 */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isAttributeValue(value: unknown): value is AttributeValue {
  if (!Array.isArray(value)) return isScalar(value);
  return value.every((item) => isScalar(item) && typeof item === typeof value[0]);
}

/** A receiver would refuse each push for a number that OTLP cannot carry. */
function isScalar(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) < 2 ** 63;
  return typeof value === "string" || typeof value === "boolean";
}
