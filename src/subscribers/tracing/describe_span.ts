import type { CutCount } from "../../internal/bounded_values.ts";
import type { Link } from "@opentelemetry/api";
import type { AnyEvent } from "../../catalog/declaration.ts";
import { judgeEnd } from "./failure.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";
import { addAttributes, NewAttributes } from "./span_attributes.ts";
import { addLinks, linksBy } from "./span_links.ts";
import { nameBy } from "./span_name.ts";

/** What a declaration could not say of an event. */
export interface Unsaid {
  /** How many links are malformed. */
  readonly invalidLinks: number;
  /** What was thrown first, wrapped. */
  readonly thrown: { readonly error: unknown } | undefined;
}

/** What the declaration of a span says of its start. */
export interface StartOfSpan extends Unsaid {
  readonly name: string;
  readonly attributes: NewAttributes;
  readonly links: Link[];
  /** What it is linked to, if it is ever linked. */
  readonly linked: Set<string> | undefined;
}

/** Asks the declaration of a span about its start. */
export function describeStart(
  { name, declaration }: NamedSpan,
  event: AnyEvent,
  cuts: CutCount,
): StartOfSpan {
  const attributes = new NewAttributes();
  const unadded = addAttributes(attributes, declaration, event, cuts);
  const called = nameBy(declaration, event);
  const linked = declaration.links && new Set<string>();
  const { links, invalid, thrown: unlinked } = linksBy(declaration, event, linked, cuts);
  return {
    name: called.name ?? name,
    attributes,
    links,
    linked,
    invalidLinks: invalid,
    thrown: unadded ?? called.thrown ?? unlinked,
  };
}

/** What is said of a root's start by an event that is none. */
export function describeNothing({ name, declaration }: NamedSpan): StartOfSpan {
  return {
    name,
    attributes: new NewAttributes(),
    links: [],
    linked: declaration.links && new Set<string>(),
    invalidLinks: 0,
    thrown: undefined,
  };
}

/** Puts into a span what its declaration says of its end. */
export function describeEnd(open: OpenSpan, event: AnyEvent, cuts: CutCount): Unsaid {
  const { span, named: { declaration } } = open;
  const unadded = addAttributes(open.attributes ?? span, declaration, event, cuts);
  const called = nameBy(declaration, event);
  if (called.name !== undefined) span.updateName(called.name);
  const { links, invalid, thrown: unlinked } = linksBy(declaration, event, open.linked, cuts);
  addLinks(span, links);
  const unjudged = judgeEnd(span, declaration, event, cuts);
  const unannotated = annotateRoot(open, event, cuts);
  return {
    invalidLinks: invalid,
    thrown: unadded ?? called.thrown ?? unlinked ?? unjudged ?? unannotated,
  };
}

/** Adds to the root of a span what its end says of that. */
function annotateRoot(
  { root, named: { declaration } }: OpenSpan,
  event: AnyEvent,
  cuts: CutCount,
): Unsaid["thrown"] {
  const { rootAttributes } = declaration;
  if (rootAttributes === undefined || root === undefined || root.ended) return undefined;
  const attributes = (end: AnyEvent) => rootAttributes(end) ?? {};
  return addAttributes(root.attributes ?? root.span, { attributes }, event, cuts);
}
