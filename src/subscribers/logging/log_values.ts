import { boundedText, type CutCount, MAX_TEXT_LENGTH } from "../../internal/bounded_values.ts";
import type { LogAttributes, LogValue } from "./log_record.ts";
import { entriesLike } from "./entries_like.ts";
import { SCHEME_END, withoutParameters, withoutUserInfo } from "./log_urls.ts";
import { REDACTED, type Redaction, type Way } from "./redaction.ts";

/** How deep a record's attributes are nested at most; deeper values are named, not shown. */
export const MAX_LOG_DEPTH = 8;
/** How many values one record shows at most; how many more there were is said. */
export const MAX_LOG_VALUES = 1_000;

/** Objects with more fields, and all that are not plain, are looked at more closely. */
const MAX_PLAIN_FIELDS = 50;
const TOP: Way = [];

const CIRCULAR = "[circular]";
const TOO_DEEP = "[nested too deeply]";
const UNREADABLE = "[unreadable]";

/** The attribute that metadata without fields becomes. */
const NO_FIELDS = "metadata";
/** What an error has of its own, but does not show among its fields. */
const ERROR_CAUSES = ["cause", "errors"];
/** Node's lists of headers, in which each name is followed by its value. */
const FLAT_ENTRIES = /^raw(headers|trailers)$/i;
/** What a field is called that names the value beside it, and how that is called. */
const NAMING_FIELD = /^(name|key)$/i;
const VALUE_FIELD = /^value$/i;
/** Longer names are not remembered. */
const MAX_REMEMBERED_LENGTH = 100;

/**
 * Copies metadata into attributes that JSON can write, whatever it is: cycles, `BigInt`, dates,
 * errors, maps, sets, headers, and getters that throw. What is redacted is never read. URLs lose
 * their user info.
 *
 * Metadata that has no fields, such as a string or an array, becomes the attribute `metadata`.
 */
export function toLogAttributes(
  metadata: unknown,
  redaction: Redaction,
  cuts: CutCount,
): LogAttributes {
  if (metadata === undefined || metadata === null) return {};
  const plain = copyPlain(metadata, redaction, cuts);
  if (plain !== undefined) return plain;
  const copied = typeof metadata === "object" && !Array.isArray(metadata)
    ? new Copier(redaction, cuts).copy(metadata)
    : undefined;
  return typeof copied === "object" && copied !== null && !Array.isArray(copied)
    ? copied as LogAttributes
    : new Copier(redaction, cuts).copyFields([NO_FIELDS], () => copied ?? metadata);
}

/**
 * What a {@linkcode Copier} makes of a plain object with a few fields, as most metadata is, for much
 * less: it does the rest of the work only for fields that are objects in turn.
 *
 * @returns `undefined` for all other objects
 */
function copyPlain(
  metadata: NonNullable<unknown>,
  redaction: Redaction,
  cuts: CutCount,
): LogAttributes | undefined {
  let names: string[];
  try {
    if (Object.getPrototypeOf(metadata) !== Object.prototype || "toJSON" in metadata) {
      return undefined;
    }
    names = Object.keys(metadata);
  } catch {
    return undefined;
  }
  const isActive = redaction.active;
  if (names.length > MAX_PLAIN_FIELDS || names.includes("__proto__")) return undefined;
  if (isActive && names.some((name) => VALUE_FIELD.test(name))) return undefined;
  const cutBefore = cuts.cut;
  let copier: Copier | undefined;
  const copies: Record<string, LogValue> = {};
  let areNew = false;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (name !== redaction.plainNames[i]) {
      if (!isPlainText(name, isActive)) {
        cuts.cut = cutBefore; // all of it is copied once more
        return undefined;
      }
      areNew ||= name.length <= MAX_REMEMBERED_LENGTH;
    }
    if (isActive && redaction.coversField(TOP, name)) {
      copies[name] = REDACTED;
      continue;
    }
    let value: unknown;
    try {
      value = metadata[name as keyof object];
    } catch {
      value = UNREADABLE;
    }
    if (typeof value === "number" && Number.isFinite(value)) copies[name] = value + 0;
    else if (typeof value === "boolean" || isPlainText(value, isActive)) copies[name] = value;
    else if (value !== undefined) {
      copier ??= new Copier(redaction, cuts, metadata, names.length);
      copies[name] = copier.copyAt(name, value) ?? null;
    }
  }
  if (areNew && names.every((name) => name.length <= MAX_REMEMBERED_LENGTH)) {
    redaction.plainNames = names;
  }
  return copies;
}

/** Whether it is a text in which nothing has to be looked for. */
function isPlainText(value: unknown, isActive: boolean): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT_LENGTH &&
    !value.includes(SCHEME_END) &&
    !(isActive && value.includes("="));
}

/** Reads a field of that name, the so-manieth. */
type Read = (name: string, index: number) => unknown;

/** Copies one record's values. */
class Copier {
  readonly #redaction: Redaction;
  readonly #cuts: CutCount;
  readonly #isActive: boolean;
  /** The objects on the way to the value at hand. */
  readonly #ancestors: object[] = [];
  /** The names and indexes on that way; followed only where something is redacted. */
  readonly #way: (string | number)[] = [];
  #left = MAX_LOG_VALUES;

  /**
   * @param cuts counts texts that are too long
   * @param above the object whose fields are to be copied, if it is not copied here
   * @param shown how many values are shown already
   */
  constructor(redaction: Redaction, cuts: CutCount, above?: object, shown = 0) {
    this.#redaction = redaction;
    this.#cuts = cuts;
    this.#isActive = redaction.active;
    if (above !== undefined) this.#ancestors.push(above);
    this.#left -= shown;
  }

  /** Copies the value of the field of that name. */
  copyAt(name: string, value: unknown): LogValue | undefined {
    this.#way.push(name);
    const copy = this.copy(value);
    this.#way.pop();
    return copy;
  }

  /** `undefined` only for `undefined`. */
  copy(value: unknown): LogValue | undefined {
    switch (typeof value) {
      case "string":
        return this.#copyText(value);
      case "boolean":
      case "undefined":
        return value;
      case "number":
        // JSON knows no negative zero either.
        return Number.isFinite(value) ? value + 0 : String(value);
      case "bigint":
      case "symbol":
        return this.#copyText(String(value));
      case "function":
        return "[function]";
      case "object":
        return value === null ? null : this.#enter(value);
    }
  }

  /** Copies the fields of those names. */
  copyFields(names: readonly string[], read: Read): LogAttributes {
    const copies: Record<string, LogValue> = {};
    for (let i = 0; i < names.length; i++) {
      if (this.#left <= 0) {
        copies["…"] = more(names.length - i);
        break;
      }
      this.#left--;
      const name = names[i] as string;
      const copy = this.#copyField(name, i, read);
      if (copy === undefined) continue;
      const shown = this.#copyText(name);
      // Two names may differ in what is not shown alone.
      if (shown !== name) copies[Object.hasOwn(copies, shown) ? `${shown} (${i})` : shown] = copy;
      // Assigning `__proto__` would set the prototype.
      else if (name !== "__proto__") copies[name] = copy;
      else {
        Object.defineProperty(copies, name, {
          value: copy,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
    }
    return copies;
  }

  #copyText(text: string): string {
    const shown = text.includes(SCHEME_END) ? withoutUserInfo(text) : text;
    const clean = this.#isActive && shown.includes("=")
      ? withoutParameters(shown, (name) => this.#redaction.coversField(this.#way, name))
      : shown;
    // Not before: half of a secret is not known to be one.
    return boundedText(clean, MAX_TEXT_LENGTH, this.#cuts);
  }

  #enter(object: object): LogValue {
    if (this.#ancestors.includes(object)) return CIRCULAR;
    if (this.#ancestors.length >= MAX_LOG_DEPTH) return TOO_DEEP;
    this.#ancestors.push(object);
    const { length } = this.#way;
    try {
      return this.#copyObject(object);
    } catch {
      // Foreign code ran: a getter, a proxy, `toJSON`. A field that cannot be read costs no record.
      return UNREADABLE;
    } finally {
      this.#ancestors.pop();
      this.#way.length = length;
    }
  }

  #copyObject(object: object): LogValue {
    const prototype = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) {
      if (Array.isArray(object)) return this.#copyList(object);
      if (ArrayBuffer.isView(object)) return `[${object.byteLength} bytes]`;
      if (object instanceof ArrayBuffer) return `[${object.byteLength} bytes]`;
      if (object instanceof Set) return this.#copySet(object);
      if (object instanceof String) return this.#copyText(String(object));
      if (object instanceof Number || object instanceof Boolean) {
        return this.copy(object.valueOf()) ?? null;
      }
      if (object instanceof RegExp) return this.#copyText(String(object));
      if (object instanceof Error) return this.#copyError(object);
      const entries = entriesLike(object);
      if (entries !== undefined) return this.copyFields(entries.names, entries.read);
    }
    if ("toJSON" in object && typeof object.toJSON === "function") {
      const json: unknown = object.toJSON();
      if (json !== object) return this.copy(json) ?? null;
    }
    const names = Object.keys(object);
    const read = (name: string) => object[name as keyof object];
    return this.#isActive && this.#namesAValue(object, names)
      ? this.copyFields(names, (name) => VALUE_FIELD.test(name) ? REDACTED : read(name))
      : this.copyFields(names, read);
  }

  /** Whether it is an entry, such as `{ name: "cookie", value: "…" }`, and its name is covered. */
  #namesAValue(object: object, names: readonly string[]): boolean {
    return names.some((name) => VALUE_FIELD.test(name)) && names.some((field) => {
      if (!NAMING_FIELD.test(field)) return false;
      if (this.#redaction.coversField(this.#way, field)) return false;
      const name: unknown = object[field as keyof object];
      return typeof name === "string" && this.#redaction.coversField(this.#way, name);
    });
  }

  #copyError(error: Error): LogValue {
    const hidden = ERROR_CAUSES.filter((name) => Object.hasOwn(error, name));
    const names = new Set(["name", "message", "stack", ...hidden, ...Object.keys(error)]);
    // A stack begins with the message.
    const hidesStack = this.#isActive && this.#redaction.coversField(this.#way, "message");
    return this.copyFields(
      [...names],
      (name) => name === "stack" && hidesStack ? REDACTED : error[name as keyof Error],
    );
  }

  #copyList(list: readonly unknown[]): LogValue {
    const above = this.#way.at(-1);
    const isFlat = this.#isActive && typeof above === "string" && FLAT_ENTRIES.test(above);
    const isEntries = isFlat || this.#isActive && list.length === 2;
    const copies: LogValue[] = [];
    for (let i = 0; i < list.length; i++) {
      if (this.#left <= 0) {
        copies.push(more(list.length - i));
        break;
      }
      this.#left--;
      copies.push(this.#copyItem(list, i, isEntries && i % 2 === 1));
    }
    return copies;
  }

  /** @param isValue whether the item before it may be its name */
  #copyItem(list: readonly unknown[], index: number, isValue: boolean): LogValue {
    if (!this.#isActive) return this.copy(list[index]) ?? null;
    if (this.#redaction.coversItem(this.#way, index)) return REDACTED;
    const name = isValue && !this.#redaction.coversItem(this.#way, index - 1)
      ? list[index - 1]
      : undefined;
    if (typeof name === "string" && this.#redaction.coversField(this.#way, name)) return REDACTED;
    this.#way.push(typeof name === "string" ? name : index);
    const copy = this.copy(list[index]) ?? null;
    this.#way.pop();
    return copy;
  }

  #copySet(set: ReadonlySet<unknown>): LogValue {
    const copies: LogValue[] = [];
    for (const item of set) {
      if (this.#left <= 0) {
        copies.push(more(set.size - copies.length));
        break;
      }
      this.#left--;
      const isCovered = this.#redaction.coversItem(this.#way, copies.length);
      this.#way.push(copies.length);
      copies.push(isCovered ? REDACTED : this.copy(item) ?? null);
      this.#way.pop();
    }
    return copies;
  }

  #copyField(name: string, index: number, read: Read): LogValue | undefined {
    if (!this.#isActive) return this.copy(readSafely(name, index, read));
    if (this.#redaction.coversField(this.#way, name)) return REDACTED;
    return this.copyAt(name, readSafely(name, index, read));
  }
}

function readSafely(name: string, index: number, read: Read): unknown {
  try {
    return read(name, index);
  } catch {
    return UNREADABLE;
  }
}

function more(count: number): string {
  return `[${count} more]`;
}
