import { SpanKind } from "@opentelemetry/api";
import type { SpanKindName } from "../../catalog/span.ts";

/** The kinds of spans by their names in a catalog. */
export const SPAN_KINDS: Readonly<Record<SpanKindName, SpanKind>> = Object.freeze({
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
});
