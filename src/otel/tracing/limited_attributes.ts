import type { Attributes, AttributeValue } from "@opentelemetry/api";

/** The attributes of a span, of an event or of a link, as many as there may be. */
export class LimitedAttributes {
  readonly values: Attributes = {};
  /** How many could not be kept: too many, or no attributes. */
  dropped = 0;
  #count = 0;

  /** Keeps one, or counts it as dropped. `undefined` is none. */
  set(name: string, value: unknown, countLimit: number, maxLength: number): void {
    if (value === undefined) return;
    const isNew = !Object.hasOwn(this.values, name);
    const keep = isNew && this.#count >= countLimit ? undefined : kept(value, maxLength);
    // Assigning a "__proto__" would not make an attribute.
    if (keep === undefined || name === "" || name === "__proto__") {
      this.dropped++;
      return;
    }
    if (isNew) this.#count++;
    this.values[name] = keep;
  }
}

/** Those of a span's event or link, as the SDK tells them. */
export function limitAttributes(given: object | undefined, countLimit: number, maxLength: number) {
  const kept = new LimitedAttributes();
  for (const [name, value] of Object.entries(given ?? {})) {
    kept.set(name, value, countLimit, maxLength);
  }
  return { attributes: kept.values, droppedAttributesCount: kept.dropped };
}

/** An attribute's value as it is kept, `undefined` if it cannot be one. */
function kept(value: unknown, maxLength: number): AttributeValue | undefined {
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
