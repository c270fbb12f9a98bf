import type { LogAttributes, LogValue } from "./log_record.ts";
import { REDACTED, type Redaction } from "./redaction.ts";

/** How deep a record's attributes are nested at most; deeper values are named, not shown. */
export const MAX_LOG_DEPTH = 8;
/** How many values one record shows at most; how many more there were is said. */
export const MAX_LOG_VALUES = 1_000;

const CIRCULAR = "[circular]";
const TOO_DEEP = "[nested too deeply]";
const UNREADABLE = "[unreadable]";

/**
 * Copies metadata into attributes that JSON can write, whatever it is: cycles, `BigInt`, dates,
 * errors, maps, sets, and getters that throw. A field that is redacted is never read.
 *
 * Metadata that has no fields, such as a string or an array, becomes the attribute `metadata`.
 */
export function toLogAttributes(metadata: unknown, redaction: Redaction): LogAttributes {
  if (metadata === undefined || metadata === null) return {};
  const copied = new Copier(redaction).copy(metadata, "");
  return typeof copied === "object" && copied !== null && !Array.isArray(copied)
    ? copied as LogAttributes
    : { metadata: copied ?? null };
}

/** What an error has of its own, but does not show among its fields. */
const ERROR_CAUSES = ["cause", "errors"];

/** Copies one record's values. */
class Copier {
  readonly #redaction: Redaction;
  readonly #withPaths: boolean;
  /** The objects on the way to the value at hand. */
  readonly #ancestors: object[] = [];
  #left = MAX_LOG_VALUES;

  constructor(redaction: Redaction) {
    this.#redaction = redaction;
    this.#withPaths = redaction.active;
  }

  /** `undefined` only for `undefined`. */
  copy(value: unknown, path: string): LogValue | undefined {
    switch (typeof value) {
      case "string":
      case "boolean":
      case "undefined":
        return value;
      case "number":
        // JSON knows no negative zero either.
        return Number.isFinite(value) ? value + 0 : String(value);
      case "bigint":
      case "symbol":
        return String(value);
      case "function":
        return "[function]";
      case "object":
        return value === null ? null : this.#enter(value, path);
    }
  }

  #enter(object: object, path: string): LogValue {
    if (this.#ancestors.includes(object)) return CIRCULAR;
    if (this.#ancestors.length >= MAX_LOG_DEPTH) return TOO_DEEP;
    this.#ancestors.push(object);
    try {
      return this.#copyObject(object, path);
    } catch {
      // Foreign code ran: a getter, a proxy, `toJSON`. A field that cannot be read costs no record.
      return UNREADABLE;
    } finally {
      this.#ancestors.pop();
    }
  }

  #copyObject(object: object, path: string): LogValue {
    if (Array.isArray(object)) return this.#copyItems(object, object.length, path);
    if (ArrayBuffer.isView(object)) return `[${object.byteLength} bytes]`;
    if (object instanceof ArrayBuffer) return `[${object.byteLength} bytes]`;
    if (object instanceof Set) return this.#copyItems(object, object.size, path);
    if (object instanceof RegExp) return String(object);
    if (object instanceof Map) {
      const keys = [...object.keys()];
      return this.#copyFields(keys.map(String), (index) => object.get(keys[index]), path);
    }
    if (object instanceof Error) {
      const hidden = ERROR_CAUSES.filter((name) => Object.hasOwn(object, name));
      const names = new Set(["name", "message", "stack", ...hidden, ...Object.keys(object)]);
      return this.#copyFields([...names], (_, name) => object[name as keyof Error], path);
    }
    if ("toJSON" in object && typeof object.toJSON === "function") {
      const json: unknown = object.toJSON();
      if (json !== object) return this.copy(json, path) ?? null;
    }
    return this.#copyFields(
      Object.keys(object),
      (_, name) => object[name as keyof object],
      path,
    );
  }

  #copyItems(items: Iterable<unknown>, count: number, path: string): LogValue {
    const copies: LogValue[] = [];
    for (const item of items) {
      if (this.#left <= 0) {
        copies.push(more(count - copies.length));
        break;
      }
      this.#left--;
      copies.push(this.copy(item, path) ?? null);
    }
    return copies;
  }

  #copyFields(
    names: readonly string[],
    read: (index: number, name: string) => unknown,
    path: string,
  ): LogValue {
    const copies: Record<string, LogValue> = {};
    for (const [index, name] of names.entries()) {
      if (this.#left <= 0) {
        copies["…"] = more(names.length - index);
        break;
      }
      this.#left--;
      const copy = this.#copyField(index, name, read, path);
      if (copy === undefined) continue;
      // Assigning `__proto__` would set the prototype.
      if (name !== "__proto__") copies[name] = copy;
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

  #copyField(
    index: number,
    name: string,
    read: (index: number, name: string) => unknown,
    parent: string,
  ): LogValue | undefined {
    let path = "";
    if (this.#withPaths) {
      path = `${parent}.${name}`;
      if (this.#redaction.covers(path)) return REDACTED;
    }
    let value: unknown;
    try {
      value = read(index, name);
    } catch {
      return UNREADABLE;
    }
    return this.copy(value, path);
  }
}

function more(count: number): string {
  return `[${count} more]`;
}
