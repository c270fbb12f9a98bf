import type { Link } from "@opentelemetry/api";
import type { ReadableSpan } from "../../sdk_types.ts";

/** The spans of one instrumentation scope. */
export interface ScopeSpans {
  readonly scope: ReadableSpan["instrumentationScope"];
  readonly spans: ReadableSpan[];
}

/** The spans of one resource. */
export interface ResourceSpans {
  readonly resource: ReadableSpan["resource"];
  readonly scopes: ScopeSpans[];
}

/** What an SDK's scope may have. */
export interface Scope {
  readonly name: string;
  readonly version?: string;
  readonly schemaUrl?: string;
  readonly attributes?: object;
  readonly droppedAttributesCount?: number;
}

/** Groups spans as a request holds them. Nearly always all of them are of one resource and scope. */
export function groupByScope(spans: readonly ReadableSpan[]): ResourceSpans[] {
  const groups: ResourceSpans[] = [];
  let ofResource: ResourceSpans | undefined;
  let ofScope: ScopeSpans | undefined;
  for (const span of spans) {
    const { resource, instrumentationScope: scope } = span;
    if (ofResource?.resource !== resource) {
      ofResource = groups.find((group) => group.resource === resource);
      if (ofResource === undefined) groups.push(ofResource = { resource, scopes: [] });
      ofScope = undefined;
    }
    if (ofScope?.scope !== scope) {
      ofScope = ofResource.scopes.find((group) => group.scope === scope);
      if (ofScope === undefined) ofResource.scopes.push(ofScope = { scope, spans: [] });
    }
    ofScope.spans.push(span);
  }
  return groups;
}

/** The flags of a span or a link: those of its trace, and whether its parent is remote. */
export function spanFlags(traceFlags: number, isRemote: boolean | undefined): number {
  return traceFlags & 0xff | 0x100 | (isRemote ? 0x200 : 0);
}

/** What identifiers are in hexadecimal digits; those of links come from anywhere. */
const TRACE_ID = /^(?:[\da-f]{32})?$/i;
const SPAN_ID = /^(?:[\da-f]{16})?$/i;

function isIdentified({ context: { traceId, spanId } }: Link): boolean {
  return TRACE_ID.test(traceId) && SPAN_ID.test(spanId);
}

/**
 * The links of a span that a receiver reads; those that it does not count as dropped, for it would
 * refuse all spans that come with them.
 */
export function linksOf(
  { links, droppedLinksCount }: ReadableSpan,
): { readonly links: readonly Link[]; readonly dropped: number } {
  const identified = links.filter(isIdentified);
  return { links: identified, dropped: droppedLinksCount + links.length - identified.length };
}
