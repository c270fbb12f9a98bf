import type { Link, Span } from "@opentelemetry/api";
import type { EventAttributes } from "../../catalog/attributes.ts";
import type { AnyEvent } from "../../catalog/declaration.ts";
import type { SpanDeclaration } from "../../catalog/span.ts";
import type { CutCount } from "../../internal/bounded_values.ts";
import { remoteSpanContext } from "./contexts.ts";
import { addDefined, NewAttributes } from "./span_attributes.ts";

/** What an event links a span to. */
export interface LinksBy {
  readonly links: Link[];
  /** How many of those that it named are malformed. */
  readonly invalid: number;
  readonly thrown: { readonly error: unknown } | undefined;
}

const NONE: LinksBy = Object.freeze({
  links: Object.freeze([]) as never,
  invalid: 0,
  thrown: undefined,
});

/** The most spans that are remembered as linked, of one span: what a span holds by default. */
const MAX_REMEMBERED = 128;

/** Asks a declaration what an event links its span to. What was linked before is left out. */
export function linksBy(
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  declaration: SpanDeclaration<any>,
  event: AnyEvent,
  linked: Set<string> | undefined,
  cuts: CutCount,
): LinksBy {
  if (linked === undefined) return NONE;
  const links: Link[] = [];
  let invalid = 0;
  let thrown: LinksBy["thrown"];
  try {
    const given: unknown = declaration.links?.(event);
    if (given === undefined || given === null) return NONE;
    if (!Array.isArray(given)) return { links, invalid: 1, thrown };
    for (const one of given) {
      let link: Link | undefined;
      try {
        link = toLink(one, cuts);
      } catch (error) {
        thrown ??= { error };
      }
      if (link === undefined) {
        invalid++;
        continue;
      }
      const id = link.context.traceId + link.context.spanId;
      if (linked.has(id)) continue;
      if (linked.size < MAX_REMEMBERED) linked.add(id);
      links.push(link);
    }
  } catch (error) {
    thrown ??= { error };
  }
  return { links, invalid, thrown };
}

/** Links a span that has started, where its tracer can: the API knows of that since 1.9. */
export function addLinks(span: Span, links: Link[]): void {
  if (links.length > 0) (span as Partial<Span>).addLinks?.(links);
}

/** A link, `undefined` if it is malformed. */
function toLink(given: unknown, cuts: CutCount): Link | undefined {
  if (typeof given === "string") {
    const context = remoteSpanContext({ traceparent: given });
    return context && { context };
  }
  if (typeof given !== "object" || given === null) return undefined;
  const { traceparent, tracestate, attributes } = given as Readonly<Record<string, unknown>>;
  const context = remoteSpanContext({ traceparent, tracestate });
  if (context === undefined || attributes === undefined) return context && { context };
  const bounded = new NewAttributes();
  addDefined(bounded, attributes as EventAttributes, cuts);
  return { context, attributes: bounded.attributes };
}
