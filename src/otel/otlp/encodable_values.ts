import { ValueType } from "@opentelemetry/api";
import { cut } from "../../internal/reporting.ts";
import type { ReadableLogRecord, ResourceMetrics } from "../sdk_types.ts";

/**
 * Makes of a value one that an OTLP payload can carry; the same value if it is one already.
 *
 * The official serializers write integers beyond 64 bits as what they are not, and in JSON they
 * write numbers that are not finite as `null`: a receiver refuses the whole request for it, at each
 * push anew. Such numbers become text.
 */
export type Sanitizer = <Value>(value: Value) => Value;

const INT64_END = 2 ** 63;

/** For payloads in protobuf, which have all numbers but integers beyond 64 bits. */
export const sanitizeForProtobuf: Sanitizer = createSanitizer(isTooLong);

/** For payloads in JSON. */
export const sanitizeForJson: Sanitizer = createSanitizer((number) => !isWritableInJson(number));

/** A data point's value, in JSON: doubles are right in protobuf. */
const sanitizePointValue: Sanitizer = createSanitizer((number) => !Number.isFinite(number));

/** Whether it is an integer that 64 bits do not hold. */
export function isTooLong(number: number): boolean {
  return Number.isInteger(number) && (number >= INT64_END || number < -INT64_END);
}

/**
 * Whether it is the same number in JSON, or nearly. Of integers JavaScript writes as few digits as
 * tell them apart: -2^63 becomes -9223372036854776000, which 64 bits do not hold.
 */
export function isWritableInJson(number: number): boolean {
  return Number.isFinite(number) && !isTooLong(number) && number !== -INT64_END;
}

function createSanitizer(isBad: (number: number) => boolean): Sanitizer {
  const sanitize = (value: unknown): unknown => {
    if (typeof value === "number") return isBad(value) ? String(value) : value;
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    // Nearly always nothing is to be done: copies are made from the first change on.
    let copy: Record<string, unknown> | undefined;
    for (const [name, inner] of Object.entries(value)) {
      const encodable = sanitize(inner);
      if (encodable === inner) continue;
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
  const isInteger = (value: unknown) =>
    typeof value !== "number" || (isJson ? isWritableInJson(value) : !isTooLong(value));
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const points: readonly { attributes: object; value: unknown }[] = metric.dataPoints;
        const dataPoints = points.map((point) => {
          const attributes = sanitize(point.attributes);
          const value = isJson ? sanitizePointValue(point.value) : point.value;
          return attributes === point.attributes && value === point.value
            ? point
            : { ...point, attributes, value };
        });
        const { descriptor } = metric;
        // What was declared to be integers, and has one that 64 bits do not hold, goes out as doubles.
        const isHeld = descriptor.valueType !== ValueType.INT ||
          points.every(({ value }) => isInteger(value));
        if (!isHeld) {
          tell(
            `${
              cut(descriptor.name)
            } has an integer that 64 bits do not hold: it is pushed as doubles`,
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
