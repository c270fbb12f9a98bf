import type { AnyEvent } from "../../catalog/declaration.ts";
import type { BusEvent } from "../../events/event.ts";
import type { SpanContext } from "../otel_api.ts";
import { boundedId } from "../pairs/bounded_id.ts";
import { operationIdOf } from "../pairs/open_pairs.ts";
import type { Announcements } from "./announcements.ts";
import type { OpenSpans } from "./open_spans.ts";
import type { Announced, Operations } from "./operations.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";
import type { WaitingRoots } from "./waiting_roots.ts";

/** What is looked through. */
export interface SpanPlaces {
  readonly named: readonly NamedSpan[];
  readonly open: OpenSpans;
  readonly operations: Operations;
  readonly waiting: WaitingRoots;
  readonly announced: Announcements;
}

/** Finds, among the spans that are open, the one that an event belongs to. */
export class SpanFinder {
  readonly #places: SpanPlaces;
  readonly #byName: ReadonlyMap<string, NamedSpan>;

  constructor(places: SpanPlaces) {
    this.#places = places;
    this.#byName = new Map(places.named.map((named) => [named.name, named]));
  }

  /** The parent of the span that an event starts, if it is one of those that are open. */
  parentOf(
    named: NamedSpan,
    operationId: string,
    event: AnyEvent,
    operation: Announced | undefined,
  ): OpenSpan | undefined {
    const { open, operations, announced } = this.#places;
    const { root } = named.declaration;
    const session = root ? undefined : open.session(event.sessionId);
    if (session === undefined) return undefined;
    const enclosing = operations.enclosing(event, session, operation);
    for (const parent of named.parents) {
      const around = operations.nearest(parent, enclosing);
      if (around !== undefined) return around;
      const declared = operationId === "" ? undefined : this.#byName.get(parent);
      const same = declared && open.find(declared, operationId, session);
      const found = same ?? session.newestOf(parent);
      if (found !== undefined) return found;
    }
    if (enclosing !== undefined) return enclosing;
    const announcedUnder = announced.rootOf(named, operationId, event);
    return announcedUnder?.ended === false ? announcedUnder : session.root;
  }

  /** The root that a span will be in which an event announces. */
  rootFor(named: NamedSpan, event: AnyEvent): OpenSpan | undefined {
    const session = this.#places.open.session(event.sessionId);
    for (const parent of named.parents) {
      const open = session?.newestOf(parent);
      if (open !== undefined) return open.named.declaration.root ? open : open.root;
    }
    return session?.root;
  }

  /**
   * The open span of a declaration that an event is about: that of its operation, or of one around
   * it; else the session's own, which is that opened last if the event has no operation either.
   */
  spanOf(named: NamedSpan, event: AnyEvent): OpenSpan | undefined {
    const { open, operations, waiting } = this.#places;
    const session = open.session(event.sessionId);
    if (session === undefined) return undefined;
    const find = (operationId: string) =>
      open.find(named, operationId, session) ?? waiting.newestOf(named, operationId, session);
    const operationId = operationIdOf(named.declaration, event);
    const found = find(operationId) ??
      operations.nearest(named.name, operations.enclosing(event, session));
    if (found !== undefined) return found;
    return operationId === "" ? session.newestOf(named.name) : find("");
  }

  /** The span that an event was published in: its operation's, or that opened last in its session. */
  innermost(event: BusEvent): OpenSpan | undefined {
    // Events without a session have nothing to do with each other.
    if (event.sessionId === "") return undefined;
    const { open, operations } = this.#places;
    const session = open.session(event.sessionId);
    return operations.enclosing(event, session) ?? session?.newest;
  }

  /** What identifies the open span of an operation, or of a session: see `spanContext` of the subscriber. */
  contextOf(sessionId: string, operationId: string): SpanContext | undefined {
    const { open, operations } = this.#places;
    const session = open.session(sessionId);
    if (operationId === "") {
      return (session?.root ?? session?.newest)?.span.spanContext();
    }
    const announced = operations.contextOf(operationId);
    if (announced !== undefined) return announced;
    return session?.newestWith(boundedId(operationId))?.span.spanContext();
  }
}
