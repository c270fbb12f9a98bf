import { ValueType } from "@opentelemetry/api";
import { cut } from "../../internal/reporting.ts";
import type { ReadableLogRecord, ResourceMetrics } from "../sdk_types.ts";

/** Makes of a value one that an OTLP payload can carry; the same value if it is one already. */
export type Sanitizer = <Value>(value: Value) => Value;

const INT64_END = 2 ** 63;

/** For payloads in protobuf, which the official serializers write as they are. */
export const sanitizeForProtobuf: Sanitizer = (value) => value;

/**
 * For payloads in JSON, in which the official serializers write numbers that are not finite as `null`,
 * and integers in digits that are others, or beyond 64 bits: a receiver refuses the whole request for it,
 * at each push anew. Marks take the places of such numbers; `resolveMarks` puts them right.
 */
export const sanitizeForJson: Sanitizer = createSanitizer(
  (number) => isWritableInJson(number) ? number : markOf(number),
);

/** A data point's double, in JSON: a text stands for one that is not finite. */
const sanitizeDouble: Sanitizer = createSanitizer(
  (number) => Number.isFinite(number) ? number : String(number),
);

/** A data point's integer, in JSON: a text stands for one whose digits would be others. */
const sanitizeInteger: Sanitizer = createSanitizer(
  (number) => Number.isSafeInteger(number) ? number : String(BigInt(number)),
);

/** Whether it is an integer that 64 bits do not hold. */
export function isTooLong(number: number): boolean {
  return Number.isInteger(number) && (number >= INT64_END || number < -INT64_END);
}

/**
 * Whether it is the same number in JSON. Of integers JavaScript writes as few digits as tell them apart:
 * 2^62 becomes 4611686018427388000, which is another one.
 */
function isWritableInJson(number: number): boolean {
  return Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);
}

/** A number as `AnyValue` in protobuf's JSON (protobuf.dev/programming-guides/json). */
export function numberValue(number: number): object {
  if (!Number.isInteger(number)) {
    return { doubleValue: Number.isFinite(number) ? number : String(number) };
  }
  if (Number.isSafeInteger(number)) return { intValue: number };
  return isTooLong(number) ? { doubleValue: number } : { intValue: String(BigInt(number)) };
}

/** What no text of anybody's has in it; made at the first need, since not everywhere at the import. */
let nonce: string | undefined;

function markOf(number: number): string {
  nonce ??= crypto.randomUUID();
  return `${nonce}${number}`;
}

/** A payload in JSON, in which the marks for numbers have become these. */
export function resolveMarks(payload: Uint8Array | undefined): Uint8Array | undefined {
  if (payload === undefined || nonce === undefined) return payload;
  const text = new TextDecoder().decode(payload);
  if (!text.includes(nonce)) return payload;
  const marks = new RegExp(`\\{"stringValue":"${nonce}([^"]*)"\\}`, "g");
  return new TextEncoder().encode(
    text.replace(marks, (_, number) => JSON.stringify(numberValue(Number(number)))),
  );
}

function createSanitizer(replace: (number: number) => unknown): Sanitizer {
  const sanitize = (value: unknown): unknown => {
    if (typeof value === "number") return replace(value);
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    // Nearly always nothing is to be done: copies are made from the first change on.
    let copy: Record<string, unknown> | undefined;
    for (const [name, inner] of Object.entries(value)) {
      const encodable = sanitize(inner);
      if (encodable === inner || (encodable !== encodable && inner !== inner)) continue;
      copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
      copy[name] = encodable;
    }
    return copy ?? value;
  };
  return sanitize as Sanitizer;
}

/** Log records whose attributes and bodies can be encoded. */
export function encodableLogRecords(
  records: readonly ReadableLogRecord[],
  sanitize: Sanitizer,
): ReadableLogRecord[] {
  return records.map((record) => {
    const attributes = sanitize(record.attributes);
    const body = sanitize(record.body);
    return attributes === record.attributes && body === record.body
      ? record
      : Object.create(record, { attributes: { value: attributes }, body: { value: body } });
  });
}

/** Metrics whose attributes and values can be encoded. */
export function encodableMetrics(
  metrics: ResourceMetrics,
  sanitize: Sanitizer,
  tell: (text: string) => void,
): ResourceMetrics {
  const isJson = sanitize === sanitizeForJson;
  const isHeldInteger = (value: unknown) =>
    typeof value !== "number" || (Number.isInteger(value) && !isTooLong(value));
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const points: readonly { attributes: object; value: unknown }[] = metric.dataPoints;
        const { descriptor } = metric;
        // What was declared to be integers, and has one that 64 bits do not hold, goes out as doubles.
        const isInteger = descriptor.valueType === ValueType.INT;
        const isHeld = !isInteger || points.every(({ value }) => isHeldInteger(value));
        const sanitizeValue = isInteger && isHeld ? sanitizeInteger : sanitizeDouble;
        const dataPoints = points.map((point) => {
          const attributes = sanitize(point.attributes);
          // A histogram's are doubles, whatever was recorded.
          const value = !isJson
            ? point.value
            : typeof point.value === "number"
            ? sanitizeValue(point.value)
            : sanitizeDouble(point.value);
          return attributes === point.attributes && value === point.value
            ? point
            : { ...point, attributes, value };
        });
        if (!isHeld) {
          tell(
            `${
              cut(descriptor.name)
            } has a value that no integer of 64 bits holds: it is pushed as doubles`,
          );
        }
        return {
          ...metric,
          descriptor: isHeld ? descriptor : { ...descriptor, valueType: ValueType.DOUBLE },
          dataPoints,
        } as typeof metric;
      }),
    })),
  };
}
