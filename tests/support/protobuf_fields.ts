/** What the fields of a message hold: a message by its own fields, or `raw`. */
export interface MessageFields {
  readonly [field: number]: MessageFields | "raw" | "recursive";
}

/** A field as it was written: its number with its wire type, and its value. */
export type WrittenField = readonly [tag: number, value: bigint | string | WrittenField[]];

const ANY_VALUE: MessageFields = {
  5: { 1: "recursive" },
  6: { 1: { 2: "recursive" } },
};
const ATTRIBUTE: MessageFields = { 2: ANY_VALUE };
const SCOPE: MessageFields = { 3: ATTRIBUTE };
const EVENT: MessageFields = { 3: ATTRIBUTE };
const LINK: MessageFields = { 4: ATTRIBUTE };
const SPAN: MessageFields = { 9: ATTRIBUTE, 11: EVENT, 13: LINK, 15: {} };

/** An OTLP request of spans, by opentelemetry/proto/trace/v1/trace.proto. */
export const TRACE_REQUEST: MessageFields = {
  1: { 1: { 1: ATTRIBUTE }, 2: { 1: SCOPE, 2: SPAN } },
};

/** Those in which a number that is not there is 0; a value's says which of several it is. */
const WITH_DEFAULTS: readonly unknown[] = [
  TRACE_REQUEST[1],
  (TRACE_REQUEST[1] as MessageFields)[1],
  SCOPE,
  EVENT,
  LINK,
  SPAN,
  SPAN[15],
];

/**
 * The fields of a message, in the order in which they were written. What says no more than if it was
 * not there is left out: a number that is 0 where that is the default, a status without content.
 */
export function fieldsOf(bytes: Uint8Array, fields: MessageFields): WrittenField[] {
  const found: WrittenField[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const kind = fields[tag >> 3] ?? "raw";
    let value: WrittenField[1];
    switch (tag & 7) {
      case 0:
        value = varint();
        break;
      case 1:
        value = view.getBigUint64(at, true);
        at += 8;
        break;
      case 5:
        value = BigInt(view.getUint32(at, true));
        at += 4;
        break;
      case 2: {
        const length = Number(varint());
        value = kind === "raw"
          ? Array.from(bytes.subarray(at, at + length), (byte) => byte.toString(16)).join(" ")
          : fieldsOf(bytes.subarray(at, at + length), kind === "recursive" ? ANY_VALUE : kind);
        at += length;
        break;
      }
      default:
        throw new Error(`There is no wire type ${tag & 7}`);
    }
    const isDefault = value === 0n || value === "" ||
      fields === SPAN && tag >> 3 === 15 && (value as WrittenField[]).length === 0;
    if (!(isDefault && WITH_DEFAULTS.includes(fields))) found.push([tag, value]);
  }
  if (at !== bytes.length) throw new Error("A message ends beyond its end");
  return found;
}
