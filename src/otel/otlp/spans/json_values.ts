import { numberValue } from "../encodable_values.ts";

/** A pair of OTLP's list of attributes. */
export interface KeyValue {
  readonly key: string;
  readonly value: object;
}

/** Attributes, or the pairs of an object, as OTLP's list of them. */
export function keyValues(attributes: object): KeyValue[] {
  const pairs: KeyValue[] = [];
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    pairs.push({ key, value: anyValue((attributes as Record<string, unknown>)[key]) });
  }
  return pairs;
}

/** A value as `AnyValue`; an empty one if it is none. What JSON has no number for is written as text, as protobuf's JSON says. */
function anyValue(value: unknown): object {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return numberValue(value);
    case "object":
      return value === null ? {} : objectValue(value);
    default:
      return {};
  }
}

function objectValue(value: object): object {
  if (value instanceof Uint8Array) return { bytesValue: base64(value) };
  if (Array.isArray(value)) return { arrayValue: { values: Array.from(value, anyValue) } };
  return { kvlistValue: { values: keyValues(value) } };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
