import type { Attributes, AttributeValue } from "@opentelemetry/api";
import { copyAnyValue, isAnyValue, isSimpleValue } from "./any_value.ts";

/** The attributes of a span, of an event or of a link, as many as there may be. */
export class LimitedAttributes {
  values: Attributes = {};
  /** How many were left out, as the SDK counts them. */
  dropped = 0;
  #count = 0;

  /** Adds all of some, as a span's own. */
  setAll(given: Attributes, countLimit: number, maxLength: number): void {
    const names = Object.keys(given);
    if (this.#takeAsTheyAre(given, names, countLimit, maxLength)) return;
    for (const name of names) this.set(name, given[name], countLimit, maxLength);
  }

  /**
   * Adds one, or leaves it out; `undefined` is none.
   *
   * @param isValid what can be one
   * @returns whether it could be one
   */
  set(
    name: string,
    value: unknown,
    countLimit: number,
    maxLength: number,
    isValid: (value: unknown) => boolean = isAnyValue,
  ): boolean {
    if (value === undefined) return true;
    const isNew = !Object.hasOwn(this.values, name);
    if (isNew && this.#count >= countLimit && name !== "") {
      this.dropped++;
      return true;
    }
    // Assigning a "__proto__" would not make an attribute.
    if (name === "" || name === "__proto__" || !isValid(value)) return false;
    if (isNew) this.#count++;
    this.values[name] = copyAnyValue(value, maxLength > 0 ? maxLength : Infinity) as AttributeValue;
    return true;
  }

  /** Adds all of what is given at once, and counts what can be none. */
  addAll(
    given: object,
    countLimit: number,
    maxLength: number,
    isValid: (value: unknown) => boolean = isAnyValue,
  ): void {
    const attributes = given as Attributes;
    const names = Object.keys(attributes);
    if (this.#takeAsTheyAre(attributes, names, countLimit, maxLength)) return;
    for (const name of names) {
      if (!this.set(name, attributes[name], countLimit, maxLength, isValid)) this.dropped++;
    }
  }

  #takeAsTheyAre(
    given: Attributes,
    names: readonly string[],
    countLimit: number,
    maxLength: number,
  ): boolean {
    if (this.#count > 0 || names.length > countLimit || !fit(given, names, maxLength)) return false;
    this.#count = names.length;
    this.values = { ...given };
    return true;
  }
}

/** Whether each is one as it is, as nearly always: a scalar, not too long, with a name. */
function fit(given: Attributes, names: readonly string[], maxLength: number): boolean {
  for (const name of names) {
    if (name === "" || name === "__proto__") return false;
    const value = given[name];
    const fits = typeof value === "string"
      ? value.length <= maxLength
      : typeof value === "number" || typeof value === "boolean";
    if (!fits) return false;
  }
  return true;
}

/** Those of a span's link, in the SDK's form. */
export function limitAttributes(given: object | undefined, countLimit: number, maxLength: number) {
  return limited(given, countLimit, maxLength, isAnyValue);
}

/** Those of a span's event, which are scalars and lists of one kind of them. */
export function limitSimpleAttributes(
  given: object | undefined,
  countLimit: number,
  maxLength: number,
) {
  return limited(given, countLimit, maxLength, isSimpleValue);
}

function limited(
  given: object | undefined,
  countLimit: number,
  maxLength: number,
  isValid: (value: unknown) => boolean,
) {
  const attributes = new LimitedAttributes();
  attributes.addAll(given ?? {}, countLimit, maxLength, isValid);
  return { attributes: attributes.values, droppedAttributesCount: attributes.dropped };
}
