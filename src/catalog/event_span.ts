import type { AnyEvents } from "../events/event_map.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertOptions,
  assertType,
  defaultOperationId,
  invalidDeclaration,
} from "./declaration.ts";
import {
  assertKind,
  metadataAttributes,
  parentsOf,
  type SpanDeclaration,
  type SpanDeclarationOptions,
} from "./span.ts";

/** One of the spans that an event says all of. */
export type SpanPart = NonNullable<
  ReturnType<NonNullable<NonNullable<SpanDeclaration<object>["whole"]>["parts"]>>
>[number];

/** The options that `declare` documents, whatever the events are. */
type Options =
  & Pick<
    SpanDeclarationOptions<AnyEvents, AnyEvent, AnyEvent>,
    "operationId" | "parent" | "kind" | "name" | "attributes" | "error" | "links" | "exception"
  >
  & Partial<NonNullable<SpanDeclaration<AnyEvents>["whole"]>>;

/** None missing and none too many. */
const OPTIONS: Readonly<Record<keyof Options, true>> = {
  operationId: true,
  parent: true,
  kind: true,
  name: true,
  attributes: true,
  error: true,
  links: true,
  exception: true,
  durationMs: true,
  parts: true,
  partsLeft: true,
  afterwards: true,
};

/** Declares a span that is made of one event. The type of the event is that of `declare`. */
export function declareEventSpan(type: string, options: Options = {}): SpanDeclaration<AnyEvents> {
  const what = "a span";
  assertType(what, "type", type);
  assertOptions(what, options, Object.keys(OPTIONS));
  const { operationId, parent, kind = "internal", name, attributes, error, links, exception } =
    options;
  const { durationMs, parts, partsLeft, afterwards = false } = options;
  assertKind(what, kind);
  assertFunctions(what, {
    operationId,
    name,
    attributes,
    error,
    links,
    exception,
    durationMs,
    parts,
    partsLeft,
  });
  if (durationMs !== undefined && parts !== undefined) {
    invalidDeclaration(what, "durationMs", "absent where parts is given", durationMs);
  }
  if (partsLeft !== undefined && !(parts !== undefined && afterwards === true)) {
    invalidDeclaration(what, "partsLeft", "given beside parts and afterwards", partsLeft);
  }
  if (typeof afterwards !== "boolean") {
    invalidDeclaration(what, "afterwards", "true or false", afterwards);
  }
  if (afterwards && parent === undefined) {
    invalidDeclaration(what, "parent", "given where afterwards is true", parent);
  }
  return {
    start: type,
    end: type,
    operationId: operationId ?? defaultOperationId,
    parent: parentsOf(what, parent),
    root: false,
    announcedBy: [],
    failedBy: [],
    kind,
    name,
    attributes: attributes ?? metadataAttributes,
    error,
    links,
    exception,
    whole: { durationMs, parts, partsLeft, afterwards },
  };
}
