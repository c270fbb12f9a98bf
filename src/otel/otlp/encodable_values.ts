import type { ReadableLogRecord, ReadableSpan, ResourceMetrics } from "../sdk_types.ts";

/**
 * Makes of a value one that an OTLP payload can carry; the same value if it is one already.
 *
 * The official serializers write integers beyond 64 bits as what they are not, and in JSON they write
 * numbers that are not finite as `null`: a receiver refuses the whole request for it, at each push
 * anew. Such numbers become text.
 */
export type Writable = <Value>(value: Value) => Value;

const INT64_END = 2 ** 63;

/** For payloads in protobuf, which have all numbers but integers beyond 64 bits. */
export const writableInProtobuf: Writable = writableBut((number) => tooLong(number));

/** For payloads in JSON. */
export const writableInJson: Writable = writableBut((number) =>
  !Number.isFinite(number) || tooLong(number)
);

/** A data point's value: doubles are right in protobuf; of integers beyond 64 bits there are none. */
const writableValue: Writable = writableBut((number) => !Number.isFinite(number));

function tooLong(number: number): boolean {
  return Number.isInteger(number) && (number >= INT64_END || number < -INT64_END);
}

function writableBut(isBad: (number: number) => boolean): Writable {
  const write = (value: unknown): unknown => {
    if (typeof value === "number") return isBad(value) ? String(value) : value;
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
    // Nearly always nothing is to be done: copies are made from the first change on.
    let copy: Record<string, unknown> | undefined;
    for (const [name, inner] of Object.entries(value)) {
      const written = write(inner);
      if (written === inner) continue;
      copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
      copy[name] = written;
    }
    return copy ?? value;
  };
  return write as Writable;
}

/** Spans whose attributes, and those of their events, can be written. */
export function writableSpans(spans: readonly ReadableSpan[], write: Writable): ReadableSpan[] {
  return spans.map((span) => {
    const attributes = write(span.attributes);
    const events = span.events.map((event) => {
      const written = write(event.attributes);
      return written === event.attributes || !written ? event : { ...event, attributes: written };
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

/** Log records whose attributes and bodies can be written. */
export function writableLogRecords(
  records: readonly ReadableLogRecord[],
  write: Writable,
): ReadableLogRecord[] {
  return records.map((record) => {
    const attributes = write(record.attributes);
    const body = write(record.body);
    return attributes === record.attributes && body === record.body
      ? record
      : Object.create(record, { attributes: { value: attributes }, body: { value: body } });
  });
}

/** Metrics whose attributes and values can be written. */
export function writableMetrics(metrics: ResourceMetrics, write: Writable): ResourceMetrics {
  return {
    ...metrics,
    scopeMetrics: metrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => {
        const points: readonly { attributes: object; value: unknown }[] = metric.dataPoints;
        const dataPoints = points.map((point) => {
          const attributes = write(point.attributes);
          const value = write === writableInJson ? writableValue(point.value) : point.value;
          return attributes === point.attributes && value === point.value
            ? point
            : { ...point, attributes, value };
        });
        return { ...metric, dataPoints } as typeof metric;
      }),
    })),
  };
}
