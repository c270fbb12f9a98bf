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

/** The options of a span made from a start and an end event. */
export interface PairOptions<Events extends object, Start, End> {
  /**
   * Tells concurrent operations of the same kind in one session apart. Default: the metadata's
   * `operationId`.
   */
  readonly operationId?: (event: Start | End) => OperationId;
  /** The name of another declared span: the one open in the same session becomes the parent. */
  readonly parent?: string;
  /**
   * Whether it is the root of its session: the session's spans that declare no `parent` become its
   * children, and it stays open until they have ended. Default: `false`.
   */
  readonly root?: boolean;
  /** Event types that announce the operation before its start, and keep the root open from then on. */
  readonly announcedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[];
  /** The span's role. Default: `"internal"`. */
  readonly kind?: SpanKindName;
  /** The attributes that an event adds. Default: the metadata's strings, numbers and booleans. */
  readonly attributes?: (event: Start | End) => EventAttributes;
  /** Why the operation failed, `undefined` if it did not. Default: it did not. */
  readonly error?: (end: End) => string | undefined;
  /** Event types that, in the same session (and operation), mark the open span as failed. */
  readonly failedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[];
}

/** One declared span. */
export interface SpanDeclaration<Events extends object> extends DeclaredFor<Events> {
  /** The event type that starts it. */
  readonly start: string;
  /** The event type that ends it. */
  readonly end: string;
  /** Tells concurrent operations of the same kind in one session apart. */
  readonly operationId: (event: AnyEvent) => OperationId;
  /** The name of the declared span that is its parent. */
  readonly parent: string | undefined;
  /** Whether it is the root of its session. */
  readonly root: boolean;
  /** Event types that announce it. */
  readonly announcedBy: readonly string[];
  /** Event types that mark it as failed. */
  readonly failedBy: readonly string[];
  /** Its role. */
  readonly kind: SpanKindName;
  /** The attributes that an event adds. */
  readonly attributes: (event: AnyEvent) => EventAttributes;
  /** Why it failed. */
  readonly error: ((end: AnyEvent) => string | undefined) | undefined;
}

const KINDS: readonly unknown[] = ["internal", "server", "client", "producer", "consumer"];

/**
 * Declares a span that lasts from a start event to an end event.
 *
 * @throws {TypeError} if an event type or an option is invalid
 */
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
