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
