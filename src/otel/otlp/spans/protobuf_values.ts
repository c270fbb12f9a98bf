import { isTooLong } from "../encodable_values.ts";
import { fixed64Field, lengthField, type ProtobufWriter, varintField } from "./protobuf_writer.ts";

/** The fields of `KeyValue` (opentelemetry/proto/common/v1/common.proto). */
const KEY = lengthField(1);
const VALUE = lengthField(2);

/** Those of `AnyValue`. */
const STRING = lengthField(1);
const BOOL = varintField(2);
const INT = varintField(3);
const DOUBLE = fixed64Field(4);
const ARRAY = lengthField(5);
const KEY_VALUE_LIST = lengthField(6);
const BYTES = lengthField(7);

/** That of `ArrayValue` and `KeyValueList`. */
const VALUES = lengthField(1);

/** Writes attributes, or the pairs of an object. */
export function writeAttributes(writer: ProtobufWriter, field: number, attributes: object): void {
  // Attributes are plain objects, of which `in` is the fastest to ask; others are asked for their own.
  for (const key in attributes) {
    if (!Object.hasOwn(attributes, key)) continue;
    const pair = writer.begin(field, 1);
    writer.text(KEY, key);
    writeMessage(writer, VALUE, (attributes as Record<string, unknown>)[key]);
    writer.end(pair, 1);
  }
}

function writeMessage(writer: ProtobufWriter, field: number, value: unknown): void {
  const start = writer.begin(field, 1);
  writeValue(writer, value);
  writer.end(start, 1);
}

/** Writes a value; one that is none leaves its message empty. */
function writeValue(writer: ProtobufWriter, value: unknown): void {
  switch (typeof value) {
    case "string":
      return writer.text(STRING, value);
    case "boolean":
      return writer.integer(BOOL, value ? 1 : 0);
    case "number":
      return !Number.isInteger(value) || isTooLong(value)
        ? writer.double(DOUBLE, value)
        : writer.integer(INT, value);
    case "object":
      if (value !== null) writeObject(writer, value);
  }
}

function writeObject(writer: ProtobufWriter, value: object): void {
  if (value instanceof Uint8Array) return writer.bytes(BYTES, value);
  const isArray = Array.isArray(value);
  const start = writer.begin(isArray ? ARRAY : KEY_VALUE_LIST, 1);
  if (isArray) { for (const item of value) writeMessage(writer, VALUES, item); }
  else writeAttributes(writer, VALUES, value);
  writer.end(start, 1);
}
