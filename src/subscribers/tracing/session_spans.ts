import type { Span } from "@opentelemetry/api";
import type { SpanDeclaration } from "../../catalog/span.ts";
import type { Keyed } from "../pairs/pair_lane.ts";
import type { NewAttributes } from "./span_attributes.ts";
import { type LinkedNode, LinkedStack } from "./linked_stack.ts";

/** A declared span with its name. */
export interface NamedSpan {
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
  readonly declaration: SpanDeclaration<any>;
  /** The names of its parents. */
  readonly parents: readonly string[];
  /** Whether open spans must be found by that name: to hang others under them, or to fail them. */
  readonly indexed: boolean;
  /** Whether others may be under it that are reported when it has ended. */
  readonly isKept: boolean;
  /** Its place among the declared spans. */
  readonly index: number;
}

/** Declared spans with their names. */
// deno-lint-ignore no-explicit-any -- the catalog's types are erased inside declarations
export function namedSpans(spans: Readonly<Record<string, SpanDeclaration<any>>>): NamedSpan[] {
  const all = Object.entries(spans).map(([name, declaration], index) => ({
    name,
    declaration,
    parents: [declaration.parent ?? []].flat(),
    index,
  }));
  const parents = new Set(all.flatMap((named) => named.parents));
  const kept = new Set(
    all.flatMap((named) => named.declaration.whole?.afterwards ? named.parents : []),
  );
  return all.map((named) => {
    const { name, declaration: { failedBy, events, openedBy = [] } } = named;
    const indexed = parents.has(name) || failedBy.length > 0 || openedBy.length > 0 ||
      events !== undefined;
    return { ...named, indexed, isKept: kept.has(name) };
  });
}

/** What an {@linkcode OpenSpan} begins with. */
export interface OpenSpanInit {
  /** `""` if it has none. */
  readonly operationId: string;
  readonly named: NamedSpan;
  readonly span: Span;
  readonly session: SessionSpans;
  /** The root that it holds open. */
  readonly root: OpenSpan | undefined;
  /** When it began, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** What is set at its end, if not before. */
  readonly attributes: NewAttributes | undefined;
  /** What it was linked to, if its declaration links it. */
  readonly linked: Set<string> | undefined;
}

/** A span that has not ended. */
export class OpenSpan implements OpenSpanInit {
  readonly operationId: string;
  readonly named: NamedSpan;
  readonly span: Span;
  readonly session: SessionSpans;
  readonly root: OpenSpan | undefined;
  readonly timestamp: number;
  readonly attributes: NewAttributes | undefined;
  readonly linked: Set<string> | undefined;
  /** How many spans and announced operations hold it open. */
  heldBy = 0;
  /** When its own end came, if it is held open since then. */
  endedAtMs: number | undefined = undefined;
  /** When the last of those that held it ended. */
  lastEndMs = -Infinity;
  ended = false;
  /** Whether it was opened by an event that is not its start, which may yet come. */
  awaitsStart = false;
  /** Its neighbours in the session, by the order of opening. */
  older: OpenSpan | undefined = undefined;
  newer: OpenSpan | undefined = undefined;
  /** Its places among the roots, among those of its name, and among those that only wait. */
  inRoots: LinkedNode<OpenSpan> | undefined = undefined;
  inName: LinkedNode<OpenSpan> | undefined = undefined;
  inWaiting: LinkedNode<OpenSpan> | undefined = undefined;

  constructor(init: OpenSpanInit) {
    this.operationId = init.operationId;
    this.named = init.named;
    this.span = init.span;
    this.session = init.session;
    this.root = init.root;
    this.timestamp = init.timestamp;
    this.attributes = init.attributes;
    this.linked = init.linked;
  }
}

/** The open spans of one session; whatever is asked, it takes the same however many they are. */
export class SessionSpans implements Keyed {
  /** A list whose links are in the spans themselves: it is there for each span that is made. */
  #newest: OpenSpan | undefined = undefined;
  #roots: LinkedStack<OpenSpan> | undefined = undefined;
  /** Those of indexed names. */
  #byName: Map<string, LinkedStack<OpenSpan>> | undefined = undefined;
  /** The session's id, of bounded length. */
  readonly sessionId: string;
  readonly operationId = "";

  constructor(sessionId: string) {
    this.sessionId = sessionId;
  }

  /** Whether no span is open. */
  get isEmpty(): boolean {
    return this.#newest === undefined;
  }

  /** The open span that was opened last. */
  get newest(): OpenSpan | undefined {
    return this.#newest;
  }

  /** The open root that was opened last. */
  get root(): OpenSpan | undefined {
    return this.#roots?.newest;
  }

  /** The open span of an indexed name that was opened last. */
  newestOf(name: string): OpenSpan | undefined {
    return this.#byName?.get(name)?.newest;
  }

  /** The open span of an operation that was opened last: they are looked through. */
  newestWith(operationId: string): OpenSpan | undefined {
    let open = this.#newest;
    while (open !== undefined && open.operationId !== operationId) open = open.older;
    return open;
  }

  add(open: OpenSpan): void {
    open.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = open;
    this.#newest = open;
    const { name, declaration, indexed } = open.named;
    if (declaration.root) open.inRoots = (this.#roots ??= new LinkedStack()).add(open);
    if (!indexed) return;
    this.#byName ??= new Map();
    let list = this.#byName.get(name);
    if (list === undefined) this.#byName.set(name, list = new LinkedStack());
    open.inName = list.add(open);
  }

  remove(open: OpenSpan): void {
    const { older, newer, inRoots, inName } = open;
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    else this.#newest = older;
    if (inRoots !== undefined) this.#roots?.remove(inRoots);
    if (inName !== undefined) this.#byName?.get(open.named.name)?.remove(inName);
  }
}
