import type { AnyEvents, EventOf, EventTypeOf } from "../events/event_map.ts";
import type { EventAttributes } from "./attributes.ts";
import {
  type AnyEvent,
  assertFunctions,
  assertNames,
  assertOptions,
  assertPair,
  assertType,
  defaultOperationId,
  invalidDeclaration,
  type OperationId,
  typesOf,
} from "./declaration.ts";

/** The role of a span, as OpenTelemetry names it. */
export type SpanKindName = "internal" | "server" | "client" | "producer" | "consumer";

/** The options of a span made from a start and an end event. */
export interface SpanDeclarationOptions<Events extends object, Start, End> {
  /**
   * Tells concurrent operations of the same kind in one session apart. Default: the event's
   * `operationId`, or, where it has none, its metadata's.
   */
  readonly operationId?: ((event: Start | End) => OperationId) | undefined;
  /**
   * The name of another declared span: the one open in the same session becomes the parent. Of several
   * names, the first of which one is open.
   */
  readonly parent?: string | readonly string[] | undefined;
  /**
   * Whether it is the root of its session: the session's spans that declare no `parent` become its
   * children, and it stays open until they have ended. Default: `false`.
   */
  readonly root?: boolean | undefined;
  /**
   * Event types that begin it too, a root, in a session in which it is not open: a session has one at a
   * time, whatever its events' operations; another start is counted as ambiguous and begins none. Of
   * such an event only its time and `traceparent` are read. Default: none.
   */
  readonly openedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[] | undefined;
  /**
   * Event types that close it, too: all of it that is open in such an event's session ends then, whatever
   * its operation, unless work that is in it goes on. It is how a step ends that was given up, which would
   * hold its root open. Such a span says so as `busbar.closed_by`, the event's type. Default: none.
   */
  readonly closedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[] | undefined;
  /**
   * When a root ends that stays open for its work: at the `"latest"` of its own end and that of its
   * children, or at its `"own"`, where what goes on afterwards is no part of what was waited for.
   * Default: `"latest"`.
   */
  readonly rootEnd?: "latest" | "own" | undefined;
  /** The attributes that its end adds to the root that it is in. Default: none. */
  readonly rootAttributes?: ((end: End) => EventAttributes | undefined) | undefined;
  /**
   * Event types that announce the operation before its start, and keep the root open from then on; one
   * without an operation id announces whichever starts or ends next.
   */
  readonly announcedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[] | undefined;
  /** The span's role. Default: `"internal"`. */
  readonly kind?: SpanKindName | undefined;
  /**
   * What the span is called from an event on, as in `` `GET ${route}` ``; `undefined` leaves its name.
   * Samplers see that of the start. Keep the number of distinct names small. Default: the name that it
   * is declared under.
   */
  readonly name?: ((event: Start | End) => string | undefined) | undefined;
  /**
   * The attributes that an event adds. Default: the metadata's strings, numbers and booleans, but
   * for its `operationId`.
   */
  readonly attributes?: ((event: Start | End) => EventAttributes) | undefined;
  /**
   * Why the operation failed, `undefined` if it did not. Where it is `undefined`, and by default, an
   * `Error` as the end's `metadata.error` is why, as an `operation` that throws has it.
   */
  readonly error?: ((end: End) => string | undefined) | undefined;
  /** Event types that, in the same session (and operation), mark the open span as failed. */
  readonly failedBy?: EventTypeOf<Events> | readonly EventTypeOf<Events>[] | undefined;
  /**
   * Event types that become events of the open span, in the same session (and operation, or one
   * within it): `["stock.read"]`, or `{ "stock.read": (event) => attributes, "retry": true }`. Such an
   * event is named by its type and has the metadata's strings, numbers and booleans, unless a function
   * says others; one whose `metadata.error` is an `Error` is an `exception`. It fails nothing.
   */
  readonly events?:
    | EventTypeOf<Events>
    | readonly EventTypeOf<Events>[]
    | {
      readonly [Type in EventTypeOf<Events>]?:
        | true
        | ((event: EventOf<Events, Type>) => EventAttributes)
        | undefined;
    }
    | undefined;
  /**
   * The spans that an event links it to, such as those that messages of a batch came from: each a
   * `traceparent`, or one with a `tracestate` and attributes of the link. Each is linked once; what is
   * malformed is counted and left out. Default: none.
   */
  readonly links?:
    | ((event: Start | End) =>
      | readonly (string | {
        readonly traceparent: string;
        readonly tracestate?: string | undefined;
        readonly attributes?: EventAttributes | undefined;
      })[]
      | undefined)
    | undefined;
  /**
   * Whether it is not sampled if it is linked, at its start, to spans of which none is: what was done
   * for several, none of which is looked at. Default: `false`, the tracer's sampler decides.
   */
  readonly sampledByLinks?: boolean | undefined;
  /**
   * What the operation threw, which becomes an `exception` of the span and, unless `error` says why,
   * fails it; `undefined` if it threw nothing. Default: an `Error` as the end's `metadata.error`, if
   * `error` does not say why.
   */
  readonly exception?: ((end: End) => unknown) | undefined;
}

/** One declared span. */
export interface SpanDeclaration<Events extends object> {
  /** For the compiler only: ties it to its event map. It does not exist at run time. */
  readonly declaredFor?: (events: Events) => void;
  /** The event type that starts it. */
  readonly start: string;
  /** The event type that ends it. */
  readonly end: string;
  /** Tells concurrent operations of the same kind in one session apart. */
  readonly operationId: (event: AnyEvent) => OperationId;
  /** The names of the declared spans of which one is its parent. */
  readonly parent: string | readonly string[] | undefined;
  /** Whether it is the root of its session. */
  readonly root: boolean;
  /** Event types that announce it. */
  readonly announcedBy: readonly string[];
  /** Event types that mark it as failed. */
  readonly failedBy: readonly string[];
  /** Its role. */
  readonly kind: SpanKindName;
  /** What an event calls it, if events do; a catalog of an earlier version has no such field. */
  readonly name?: ((event: AnyEvent) => string | undefined) | undefined;
  /** The attributes that an event adds. */
  readonly attributes: (event: AnyEvent) => EventAttributes;
  /** Why it failed. */
  readonly error: ((end: AnyEvent) => string | undefined) | undefined;
  /**
   * What gives the attributes of the events within it, by event type; a catalog of an earlier version
   * has none.
   */
  readonly events?: ReadonlyMap<string, (event: AnyEvent) => EventAttributes> | undefined;
  /** What an event links it to. */
  readonly links?: SpanDeclarationOptions<Events, AnyEvent, AnyEvent>["links"];
  /** What the operation threw. */
  readonly exception?: ((end: AnyEvent) => unknown) | undefined;
  /** Event types that begin it too; a catalog of an earlier version has none. */
  readonly openedBy?: readonly string[] | undefined;
  /** Event types that close it, too; a catalog of an earlier version has none. */
  readonly closedBy?: readonly string[] | undefined;
  /** When a root ends that waits for its work. */
  readonly rootEnd?: "latest" | "own" | undefined;
  /** Whether it is not sampled where nothing is that it is linked to. */
  readonly sampledByLinks?: boolean | undefined;
  /** The attributes that its end adds to its root. */
  readonly rootAttributes?: ((end: AnyEvent) => EventAttributes | undefined) | undefined;
  /** How one event is all of it, if `start` and `end` are one type. */
  readonly whole?: {
    /** How long it took, in milliseconds. */
    readonly durationMs?: ((event: AnyEvent) => number | undefined) | undefined;
    /** What it consists of. */
    readonly parts?:
      | ((event: AnyEvent) =>
        | readonly {
          readonly startTimeMs: number;
          readonly endTimeMs: number;
          readonly operationId?: OperationId;
          readonly parent?: string | undefined;
          readonly attributes?: EventAttributes | undefined;
        }[]
        | undefined)
      | undefined;
    /** What is left of them at a shutdown. */
    readonly partsLeft?:
      | (() => ReturnType<
        NonNullable<NonNullable<SpanDeclaration<Events>["whole"]>["parts"]>
      >)
      | undefined;
    /** Whether its parent may have ended. */
    readonly afterwards?: boolean | undefined;
  } | undefined;
}

type Options = SpanDeclarationOptions<AnyEvents, AnyEvent, AnyEvent>;

const KINDS: readonly unknown[] = ["internal", "server", "client", "producer", "consumer"];

/** None missing and none too many. */
const OPTIONS: Readonly<Record<keyof Options, true>> = {
  operationId: true,
  parent: true,
  root: true,
  openedBy: true,
  closedBy: true,
  rootEnd: true,
  rootAttributes: true,
  announcedBy: true,
  kind: true,
  name: true,
  attributes: true,
  error: true,
  failedBy: true,
  events: true,
  links: true,
  sampledByLinks: true,
  exception: true,
};

/** Declares a span. The types of its events are those of `declare`. */
export function declareSpan(
  start: string,
  end: string,
  options: Options = {},
): SpanDeclaration<AnyEvents> {
  const what = "a span";
  assertPair(what, start, end);
  assertOptions(what, options, Object.keys(OPTIONS));
  const { kind = "internal", root = false, parent, operationId, attributes, error } = options;
  const { name, links, exception, rootEnd, rootAttributes, sampledByLinks = false } = options;
  assertKind(what, kind);
  if (typeof root !== "boolean") invalidDeclaration(what, "root", "true or false", root);
  if (root && parent !== undefined) {
    invalidDeclaration(what, "parent", "absent from a root", parent);
  }
  assertFunctions(what, {
    operationId,
    name,
    attributes,
    error,
    links,
    exception,
    rootAttributes,
  });
  if (typeof sampledByLinks !== "boolean") {
    invalidDeclaration(what, "sampledByLinks", "true or false", sampledByLinks);
  }
  const openedBy = typesOf(what, "openedBy", options.openedBy ?? []);
  if (openedBy.length > 0 && !root) {
    invalidDeclaration(what, "openedBy", "that of a root", openedBy);
  }
  if (openedBy.length > 0 && operationId !== undefined) {
    invalidDeclaration(what, "operationId", "absent where openedBy is given", operationId);
  }
  if (openedBy.includes(start) || openedBy.includes(end)) {
    invalidDeclaration(what, "openedBy", "other types than start and end", openedBy);
  }
  const closedBy = typesOf(what, "closedBy", options.closedBy ?? []);
  if (closedBy.includes(start) || closedBy.includes(end)) {
    invalidDeclaration(what, "closedBy", "other types than start and end", closedBy);
  }
  if (rootEnd !== undefined && rootEnd !== "latest" && !(root && rootEnd === "own")) {
    invalidDeclaration(what, "rootEnd", '"latest" or, of a root, "own"', rootEnd);
  }
  const failedBy = typesOf(what, "failedBy", options.failedBy ?? []);
  const events = eventsOf(what, options.events, [start, end, ...failedBy]);
  return {
    start,
    end,
    operationId: openedBy.length > 0 ? noOperationId : operationId ?? defaultOperationId,
    parent: parentsOf(what, parent),
    root,
    announcedBy: typesOf(what, "announcedBy", options.announcedBy ?? []),
    failedBy,
    kind,
    name,
    attributes: attributes ?? metadataAttributes,
    error,
    events,
    links,
    exception,
    openedBy,
    closedBy,
    rootEnd,
    rootAttributes,
    sampledByLinks,
  };
}

/** A session has one of it. */
const noOperationId = (): undefined => undefined;

/** Refuses what is no kind of span. */
export function assertKind(what: string, kind: unknown): void {
  if (!KINDS.includes(kind)) invalidDeclaration(what, "kind", `one of ${KINDS.join(", ")}`, kind);
}

/** The names of parents, checked: one as it was given. */
export function parentsOf(what: string, parent: unknown): string | readonly string[] | undefined {
  if (parent === undefined || typeof parent === "string") return parent;
  assertNames(what, "parent", parent);
  return [...parent as readonly string[]];
}

/** The types of a span's events, checked, with what gives their attributes. */
function eventsOf(
  what: string,
  events: Options["events"],
  taken: readonly string[],
): SpanDeclaration<AnyEvents>["events"] {
  if (events === undefined) return undefined;
  const isMap = typeof events === "object" && events !== null && !Array.isArray(events);
  const given = isMap
    ? Object.entries(events as Record<string, unknown>).filter(([, value]) => value !== undefined)
    : typesOf(what, "events", events).map((type) => [type, true] as const);
  return new Map(given.map(([type, value]) => {
    assertType(what, "events", type);
    if (taken.includes(type)) {
      invalidDeclaration(what, "events", "other types than start, end and failedBy", type);
    }
    if (value !== true && typeof value !== "function") {
      invalidDeclaration(what, `events[${JSON.stringify(type)}]`, "true or a function", value);
    }
    return [type, value === true ? metadataAttributes : value as typeof metadataAttributes];
  }));
}

/** Tells events apart, and says nothing about them: the option `operationIdAttribute` asks for it. */
export const OPERATION_ID = "operationId";

/** The strings, numbers and booleans of an event's metadata, by their own names. */
export function metadataAttributes({ metadata }: AnyEvent): EventAttributes {
  const attributes: Record<string, string | number | boolean> = {};
  if (typeof metadata !== "object" || metadata === null) return attributes;
  for (const [name, value] of Object.entries(metadata)) {
    if (name === OPERATION_ID) continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      attributes[name] = value;
    }
  }
  return attributes;
}
