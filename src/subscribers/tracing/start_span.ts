import { ROOT_CONTEXT, type Span, trace, TraceFlags } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import type { SpanOptions, TracerLike } from "../otel_api.ts";
import { parentContext } from "./contexts.ts";
import type { Announced } from "./operations.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";
import type { TracingReports } from "./tracing_reports.ts";

function isAnySampled(links: SpanOptions["links"] = []): boolean {
  return links.some(({ context: { traceFlags } }) => (traceFlags & TraceFlags.SAMPLED) !== 0);
}

/** Where a span begins. */
export interface StartingPoint {
  readonly event: AnyEvent;
  readonly parent: OpenSpan | undefined;
  readonly named: NamedSpan;
  readonly operation: Announced | undefined;
}

/**
 * Starts a span under its parent, unless that of somebody else stands for it, or what it is linked to is
 * not sampled and it is not either: then that stands for it.
 */
export function startSpan(
  tracer: TracerLike,
  name: string,
  options: SpanOptions,
  { event, parent, named, operation }: StartingPoint,
  reports: TracingReports,
): Span {
  const { foreign, joins } = operation ?? {};
  if (joins && foreign !== undefined) return trace.wrapSpanContext(foreign);
  const [link] = options.links ?? [];
  if (named.declaration.sampledByLinks && link !== undefined && !isAnySampled(options.links)) {
    return trace.wrapSpanContext(link.context);
  }
  const isDeclared = parent !== undefined && named.parents.includes(parent.named.name);
  const context = parentContext(event, parent?.span, isDeclared ? undefined : foreign);
  if (context === undefined) reports.invalidTraceparents++;
  return tracer.startSpan(name, options, context ?? ROOT_CONTEXT);
}
