import type { Link, SpanContext } from "@opentelemetry/api";
import type { TimedEvent } from "@opentelemetry/sdk-trace";
import type { ReadableSpan } from "../../sdk_types.ts";
import {
  fixed32Field,
  fixed64Field,
  lengthField,
  ProtobufWriter,
  varintField,
} from "./protobuf_writer.ts";
import { writeAttributes } from "./protobuf_values.ts";
import {
  groupByScope,
  linksOf,
  type ResourceSpans,
  type Scope,
  type ScopeSpans,
  spanFlags,
} from "./spans_by_scope.ts";

/** The fields of the messages, by opentelemetry/proto/trace/v1/trace.proto. */
const REQUEST = { resourceSpans: lengthField(1) };
const RESOURCE_SPANS = {
  resource: lengthField(1),
  scopeSpans: lengthField(2),
  schemaUrl: lengthField(3),
};
const RESOURCE = { attributes: lengthField(1) };
const SCOPE_SPANS = { scope: lengthField(1), spans: lengthField(2), schemaUrl: lengthField(3) };
const SCOPE = {
  name: lengthField(1),
  version: lengthField(2),
  attributes: lengthField(3),
  droppedAttributesCount: varintField(4),
};
const SPAN = {
  traceId: lengthField(1),
  spanId: lengthField(2),
  traceState: lengthField(3),
  parentSpanId: lengthField(4),
  name: lengthField(5),
  kind: varintField(6),
  startTime: fixed64Field(7),
  endTime: fixed64Field(8),
  attributes: lengthField(9),
  droppedAttributesCount: varintField(10),
  events: lengthField(11),
  droppedEventsCount: varintField(12),
  links: lengthField(13),
  droppedLinksCount: varintField(14),
  status: lengthField(15),
  flags: fixed32Field(16),
};
const EVENT = {
  time: fixed64Field(1),
  name: lengthField(2),
  attributes: lengthField(3),
  droppedAttributesCount: varintField(4),
};
const LINK = {
  traceId: lengthField(1),
  spanId: lengthField(2),
  traceState: lengthField(3),
  attributes: lengthField(4),
  droppedAttributesCount: varintField(5),
  flags: fixed32Field(6),
};
const STATUS = { message: lengthField(2), code: varintField(3) };

/** What a span probably takes, as those of the last request did, with some room. */
let bytesPerSpan = 256;
/** The bytes that lengths of messages probably take. */
const SPAN_LENGTH = 2;
const SHORT_LENGTH = 1;
const LONG_LENGTH = 3;

/**
 * Writes spans as an OTLP request, as the official serializer does, but in one pass: nothing is
 * counted first, and no identifier gets a list of bytes. A number that is 0 is left out, which is
 * what it is for those who read it.
 */
export function spansToProtobuf(spans: readonly ReadableSpan[]): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter(1_024 + bytesPerSpan * spans.length);
  for (const group of groupByScope(spans)) writeResourceSpans(writer, group);
  const request = writer.finish();
  bytesPerSpan = Math.min(Math.ceil(1.1 * request.length / Math.max(1, spans.length)), 4_096);
  return request;
}

function writeResourceSpans(writer: ProtobufWriter, { resource, scopes }: ResourceSpans): void {
  const group = writer.begin(REQUEST.resourceSpans, LONG_LENGTH);
  const described = writer.begin(RESOURCE_SPANS.resource, SHORT_LENGTH);
  writeAttributes(writer, RESOURCE.attributes, resource.attributes);
  writer.end(described, SHORT_LENGTH);
  for (const scope of scopes) writeScopeSpans(writer, scope);
  writeText(writer, RESOURCE_SPANS.schemaUrl, resource.schemaUrl);
  writer.end(group, LONG_LENGTH);
}

function writeScopeSpans(writer: ProtobufWriter, { scope, spans }: ScopeSpans): void {
  const { name, version, schemaUrl, attributes, droppedAttributesCount }: Scope = scope;
  const group = writer.begin(RESOURCE_SPANS.scopeSpans, LONG_LENGTH);
  const described = writer.begin(SCOPE_SPANS.scope, SHORT_LENGTH);
  writeText(writer, SCOPE.name, name);
  writeText(writer, SCOPE.version, version);
  if (attributes !== undefined) writeAttributes(writer, SCOPE.attributes, attributes);
  writeCount(writer, SCOPE.droppedAttributesCount, droppedAttributesCount);
  writer.end(described, SHORT_LENGTH);
  for (const span of spans) writeSpan(writer, span);
  writeText(writer, SCOPE_SPANS.schemaUrl, schemaUrl);
  writer.end(group, LONG_LENGTH);
}

function writeSpan(writer: ProtobufWriter, span: ReadableSpan): void {
  const start = writer.begin(SCOPE_SPANS.spans, SPAN_LENGTH);
  const context = span.spanContext();
  const { parentSpanContext: parent, status, events, links } = span;
  writeIds(writer, SPAN, context);
  if (parent?.spanId) writer.hex(SPAN.parentSpanId, parent.spanId);
  writeText(writer, SPAN.name, span.name);
  // OTLP's kinds begin at 1, the API's at 0.
  writer.integer(SPAN.kind, span.kind + 1);
  writer.time(SPAN.startTime, span.startTime);
  writer.time(SPAN.endTime, span.endTime);
  writeAttributes(writer, SPAN.attributes, span.attributes);
  writeCount(writer, SPAN.droppedAttributesCount, span.droppedAttributesCount);
  if (events.length > 0) { for (const event of events) writeEvent(writer, event); }
  writeCount(writer, SPAN.droppedEventsCount, span.droppedEventsCount);
  if (links.length > 0) writeLinks(writer, span);
  else writeCount(writer, SPAN.droppedLinksCount, span.droppedLinksCount);
  if (status.code !== 0 || status.message) {
    const described = writer.begin(SPAN.status, SHORT_LENGTH);
    writeText(writer, STATUS.message, status.message);
    writeCount(writer, STATUS.code, status.code);
    writer.end(described, SHORT_LENGTH);
  }
  writer.fixed32(SPAN.flags, spanFlags(context.traceFlags, parent?.isRemote));
  writer.end(start, SPAN_LENGTH);
}

function writeEvent(writer: ProtobufWriter, event: TimedEvent): void {
  const start = writer.begin(SPAN.events, SHORT_LENGTH);
  writer.time(EVENT.time, event.time);
  writeText(writer, EVENT.name, event.name);
  if (event.attributes) writeAttributes(writer, EVENT.attributes, event.attributes);
  writeCount(writer, EVENT.droppedAttributesCount, event.droppedAttributesCount);
  writer.end(start, SHORT_LENGTH);
}

function writeLinks(writer: ProtobufWriter, span: ReadableSpan): void {
  const { links, dropped } = linksOf(span);
  for (const link of links) writeLink(writer, link);
  writeCount(writer, SPAN.droppedLinksCount, dropped);
}

function writeLink(writer: ProtobufWriter, link: Link): void {
  const start = writer.begin(SPAN.links, SHORT_LENGTH);
  const { context, attributes, droppedAttributesCount } = link;
  writeIds(writer, LINK, context);
  if (attributes) writeAttributes(writer, LINK.attributes, attributes);
  writeCount(writer, LINK.droppedAttributesCount, droppedAttributesCount);
  writer.fixed32(LINK.flags, spanFlags(context.traceFlags, context.isRemote));
  writer.end(start, SHORT_LENGTH);
}

function writeIds(
  writer: ProtobufWriter,
  fields: { readonly traceId: number; readonly spanId: number; readonly traceState: number },
  { traceId, spanId, traceState }: SpanContext,
): void {
  writer.hex(fields.traceId, traceId);
  writer.hex(fields.spanId, spanId);
  writeText(writer, fields.traceState, traceState?.serialize());
}

/** Leaves an empty text out, which is what a field has that is not there. */
function writeText(writer: ProtobufWriter, field: number, text: string | undefined): void {
  if (text) writer.text(field, text);
}

function writeCount(writer: ProtobufWriter, field: number, count: number | undefined): void {
  if (count) writer.integer(field, count);
}
