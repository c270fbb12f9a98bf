import type { AnyEvents, EventOf, EventTypeOf } from "../events/event_map.ts";
import type { EventAttributes } from "./attributes.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertType,
  type DeclaredFor,
  defaultOperationId,
  type OperationId,
  refuse,
  typesOf,
} from "./declaration.ts";

/** The role of a span, as OpenTelemetry names it. */
export type SpanKindName = "internal" | "server" | "client" | "producer" | "consumer";

/** How a start and its end become a span. */
export interface PairOptions<Events extends object, Start, End> {
  /** Tells operations of one kind in one session apart. Default: the metadata's `operationId`. */
  readonly operationId?: (event: Start | End) => OperationId;
  /** The name of a declared span: the session's open one becomes the parent. */
  readonly parent?: string;
  /**
   * Whether it is the root of its session: spans without a parent of their own hang under it, and
   * it stays open until they have ended. Default: `false`.
   */
  readonly root?: boolean;
  /** Types that announce the operation before its start, and hold the root open from then on. */
  readonly announcedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[];
  /** The span's role. Default: `"internal"`. */
  readonly kind?: SpanKindName;
  /** The attributes that an event adds. Default: the metadata's strings, numbers and booleans. */
  readonly attributes?: (event: Start | End) => EventAttributes;
  /** Why the operation failed, `undefined` if it did not. Default: it did not. */
  readonly error?: (end: End) => string | undefined;
  /** Types of the same session (and operation) that mark the open span as failed. */
  readonly failedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[];
}

/** One declared span. */
export interface SpanDeclaration<Events extends object> extends DeclaredFor<Events> {
  /** The type that begins it. */
  readonly start: string;
  /** The type that ends it. */
  readonly end: string;
  /** Tells operations of one kind in one session apart. */
  readonly operationId: (event: AnyEvent) => OperationId;
  /** The declared span that it hangs under. */
  readonly parent: string | undefined;
  /** Whether it is the root of its session. */
  readonly root: boolean;
  /** Types that announce it. */
  readonly announcedBy: readonly string[];
  /** Types that mark it as failed. */
  readonly failedBy: readonly string[];
  /** Its role. */
  readonly kind: SpanKindName;
  /** The attributes that an event adds. */
  readonly attributes: (event: AnyEvent) => EventAttributes;
  /** Why it failed. */
  readonly error: ((end: AnyEvent) => string | undefined) | undefined;
}

const KINDS: readonly unknown[] = ["internal", "server", "client", "producer", "consumer"];

/** Makes a span of a start and its end: see {@linkcode PairOptions}. */
export function pair<
  Events extends object = AnyEvents,
  Start extends EventTypeOf<Events> = EventTypeOf<Events>,
  End extends EventTypeOf<Events> = EventTypeOf<Events>,
>(
  start: Start,
  end: End,
  options: PairOptions<Events, EventOf<Events, Start>, EventOf<Events, End>> = {},
): SpanDeclaration<Events> {
  assertType("a span", "start", start);
  assertType("a span", "end", end);
  if ((start as string) === end) refuse("a span", "end", "another type than start", end);
  const { kind = "internal", root = false, parent } = options;
  if (!KINDS.includes(kind)) refuse("a span", "kind", `one of ${KINDS.join(", ")}`, kind);
  if (root && parent !== undefined) refuse("a span", "parent", "absent from a root", parent);
  const { operationId, attributes, error } = options;
  assertFunctions("a span", { operationId, attributes, error });
  return {
    start,
    end,
    operationId: options.operationId as SpanDeclaration<Events>["operationId"] | undefined ??
      defaultOperationId,
    parent,
    root,
    announcedBy: typesOf("a span", "announcedBy", options.announcedBy ?? []),
    failedBy: typesOf("a span", "failedBy", options.failedBy ?? []),
    kind,
    attributes: options.attributes as SpanDeclaration<Events>["attributes"] | undefined ??
      metadataAttributes,
    error: options.error as SpanDeclaration<Events>["error"],
  };
}

/** The strings, numbers and booleans of an event's metadata, by their own names. */
export function metadataAttributes({ metadata }: AnyEvent): EventAttributes {
  const attributes: Record<string, string | number | boolean> = {};
  if (typeof metadata !== "object" || metadata === null) return attributes;
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      attributes[name] = value;
    }
  }
  return attributes;
}
