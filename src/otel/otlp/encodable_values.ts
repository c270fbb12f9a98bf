import type { ReadableLogRecord, ReadableSpan, ResourceMetrics } from "../sdk_types.ts";

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
export const sanitizeForProtobuf: Sanitizer = createSanitizer((number) => tooLong(number));

/** For payloads in JSON. */
export const sanitizeForJson: Sanitizer = createSanitizer((number) =>
  !Number.isFinite(number) || tooLong(number)
);

/**
 * A data point's value: doubles are right in protobuf; of integers beyond 64 bits there are none.
 */
const sanitizePointValue: Sanitizer = createSanitizer((number) => !Number.isFinite(number));

function tooLong(number: number): boolean {
  return Number.isInteger(number) && (number >= INT64_END || number < -INT64_END);
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

/** Spans whose attributes, and those of their events, can be encoded. */
export function encodableSpans(
  spans: readonly ReadableSpan[],
  sanitize: Sanitizer,
): ReadableSpan[] {
  return spans.map((span) => {
    const attributes = sanitize(span.attributes);
    const events = span.events.map((event) => {
      const encodable = sanitize(event.attributes);
      return encodable === event.attributes || !encodable
        ? event
        : { ...event, attributes: encodable };
    });
    return attributes === span.attributes && events.every((event, i) => event === span.events[i])
      ? span
      : copyOf(span, attributes, events);
  });
}

/** Field by field, for those of a class need not be its own. */
function copyOf(
  span: ReadableSpan,
  attributes: ReadableSpan["attributes"],
  events: ReadableSpan["events"],
): ReadableSpan {
  const { parentSpanContext } = span;
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(parentSpanContext && { parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status,
    attributes,
    links: span.links,
    events,
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
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
export function encodableMetrics(metrics: ResourceMetrics, sanitize: Sanitizer): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const points: readonly { attributes: object; value: unknown }[] = metric.dataPoints;
        const dataPoints = points.map((point) => {
          const attributes = sanitize(point.attributes);
          const value = sanitize === sanitizeForJson
            ? sanitizePointValue(point.value)
            : point.value;
          return attributes === point.attributes && value === point.value
            ? point
            : { ...point, attributes, value };
        });
        return { ...metric, dataPoints } as typeof metric;
      }),
    })),
  };
}
