import type { Attributes, AttributeValue } from "@opentelemetry/api";

/** The attributes of a span, of an event or of a link, as many as there may be. */
export class LimitedAttributes {
  values: Attributes = {};
  /** How many were left out: too many, or no attributes. */
  dropped = 0;
  #count = 0;

  /** Adds all of some. */
  setAll(given: Attributes, countLimit: number, maxLength: number): void {
    const names = Object.keys(given);
    if (this.#count === 0 && names.length <= countLimit && fit(given, names, maxLength)) {
      this.#count = names.length;
      this.values = { ...given };
      return;
    }
    for (const name of names) this.set(name, given[name], countLimit, maxLength);
  }

  /** Adds one, or counts it as dropped. `undefined` is none. */
  set(name: string, value: unknown, countLimit: number, maxLength: number): void {
    if (value === undefined) return;
    const isNew = !Object.hasOwn(this.values, name);
    const limited = isNew && this.#count >= countLimit ? undefined : limitValue(value, maxLength);
    // Assigning a "__proto__" would not make an attribute.
    if (limited === undefined || name === "" || name === "__proto__") {
      this.dropped++;
      return;
    }
    if (isNew) this.#count++;
    this.values[name] = limited;
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

/** Those of a span's event or link, in the SDK's form. */
export function limitAttributes(given: object | undefined, countLimit: number, maxLength: number) {
  const attributes = new LimitedAttributes();
  for (const [name, value] of Object.entries(given ?? {})) {
    attributes.set(name, value, countLimit, maxLength);
  }
  return { attributes: attributes.values, droppedAttributesCount: attributes.dropped };
}

/** An attribute's value, cut to the maximal length; `undefined` if it cannot be one. */
function limitValue(value: unknown, maxLength: number): AttributeValue | undefined {
  switch (typeof value) {
    case "number":
    case "boolean":
      return value;
    case "string":
      return value.length > maxLength ? value.slice(0, maxLength) : value;
  }
  if (!Array.isArray(value)) return undefined;
  const [type] = value.map((item) => typeof item).filter((itemType) => itemType !== "object");
  const fits = value.every((item) => item == null || typeof item === type);
  if (!fits || !["undefined", "string", "number", "boolean"].includes(`${type}`)) return undefined;
  return value.map((item) => typeof item === "string" ? item.slice(0, maxLength) : item) as never;
}
