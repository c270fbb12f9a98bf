import type { HrTime, Link } from "@opentelemetry/api";
import type { TimedEvent } from "@opentelemetry/sdk-trace";
import type { ReadableSpan } from "../../sdk_types.ts";
import { type KeyValue, keyValues } from "./json_values.ts";
import {
  groupByScope,
  linksOf,
  type ResourceSpans,
  type Scope,
  type ScopeSpans,
  spanFlags,
} from "./spans_by_scope.ts";
import { nanosecondsOf, secondsOf } from "./times.ts";

const encoder = new TextEncoder();
const NONE: never[] = [];

/**
 * Writes spans as an OTLP request in JSON, as the official serializer does, but each value is looked
 * at once, and times are put together without numbers of any length.
 */
export function spansToJson(spans: readonly ReadableSpan[]): Uint8Array<ArrayBuffer> {
  const request = { resourceSpans: groupByScope(spans).map(resourceSpansOf) };
  return encoder.encode(JSON.stringify(request));
}

function resourceSpansOf({ resource, scopes }: ResourceSpans): object {
  const schemaUrl = resource.schemaUrl || undefined;
  return {
    resource: {
      attributes: keyValues(resource.attributes),
      droppedAttributesCount: 0,
      schemaUrl,
    },
    scopeSpans: scopes.map(scopeSpansOf),
    schemaUrl,
  };
}

function scopeSpansOf({ scope, spans }: ScopeSpans): object {
  const { name, version, schemaUrl, attributes = {}, droppedAttributesCount = 0 }: Scope = scope;
  const described = keyValues(attributes);
  return {
    scope: {
      name,
      version,
      ...(described.length > 0 && { attributes: described, droppedAttributesCount }),
    },
    spans: spans.map(spanOf),
    schemaUrl,
  };
}

function spanOf(span: ReadableSpan): object {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const { parentSpanContext: parent, status, events } = span;
  const { links, dropped } = span.links.length === 0
    ? { links: NONE, dropped: span.droppedLinksCount }
    : linksOf(span);
  return {
    traceId,
    spanId,
    parentSpanId: parent?.spanId || undefined,
    traceState: traceState?.serialize(),
    name: span.name,
    // OTLP's kinds begin at 1, the API's at 0.
    kind: span.kind + 1,
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.endTime),
    attributes: keyValues(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount,
    events: events.length === 0 ? NONE : events.map(eventOf),
    droppedEventsCount: span.droppedEventsCount,
    status,
    links: links.length === 0 ? NONE : links.map(linkOf),
    droppedLinksCount: dropped,
    flags: spanFlags(traceFlags, parent?.isRemote),
  };
}

function eventOf({ name, time, attributes, droppedAttributesCount = 0 }: TimedEvent): object {
  return {
    attributes: attributesOf(attributes),
    name,
    timeUnixNano: nanoseconds(time),
    droppedAttributesCount,
  };
}

function linkOf({ context, attributes, droppedAttributesCount = 0 }: Link): object {
  const { traceId, spanId, traceFlags, traceState, isRemote } = context;
  return {
    attributes: attributesOf(attributes),
    spanId,
    traceId,
    traceState: traceState?.serialize(),
    droppedAttributesCount,
    flags: spanFlags(traceFlags, isRemote),
  };
}

function attributesOf(attributes: object | undefined): KeyValue[] {
  return attributes === undefined ? NONE : keyValues(attributes);
}

/**
 * As digits, which a number cannot hold. Two texts put together would be one in two parts, for which
 * V8's `JSON.stringify` leaves its fast path.
 */
function nanoseconds(time: HrTime): string {
  const seconds = secondsOf(time);
  if (seconds !== knownSeconds) {
    knownSecondsInNs = BigInt(seconds) * 1_000_000_000n;
    knownSeconds = seconds;
  }
  return String(knownSecondsInNs + BigInt(nanosecondsOf(time)));
}

/** Nearly always that of the time before. */
let knownSeconds = 0;
let knownSecondsInNs = 0n;
