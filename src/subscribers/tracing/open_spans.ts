import { boundedId } from "../pairs/bounded_id.ts";
import { OpenPairs, type OpenPairsLane, type OpenPairsOptions } from "../pairs/open_pairs.ts";
import { PairLane } from "../pairs/pair_lane.ts";
import type { PairsGroup } from "../pairs/pairs_group.ts";
import { type NamedSpan, type OpenSpan, SessionSpans } from "./session_spans.ts";

/** The open spans of all sessions. */
export class OpenSpans {
  readonly #sessions = new PairLane<SessionSpans>();
  /** By the index of the declaration. */
  readonly #lanes: readonly OpenPairsLane<OpenSpan>[];
  /** Those whose end has not come. */
  readonly pairs: OpenPairs<OpenSpan>;

  constructor(
    spans: readonly NamedSpan[],
    group: PairsGroup,
    options: OpenPairsOptions<OpenSpan>,
  ) {
    this.pairs = new OpenPairs(options, group);
    this.#lanes = spans.map(() => new PairLane());
  }

  /** A session, if it has an open span. */
  session(id: string): SessionSpans | undefined {
    return this.#sessions.get(boundedId(id), "");
  }

  /** A session, a new one if it has no open span; `add` makes it known. */
  sessionFor(id: string): SessionSpans {
    const bounded = boundedId(id);
    return this.#sessions.get(bounded, "") ?? new SessionSpans(bounded);
  }

  /** Adds one. @returns whether another of its declaration, session and operation is open */
  add(open: OpenSpan): boolean {
    const { session, named, operationId } = open;
    if (session.isEmpty) this.#sessions.add(session);
    session.add(open);
    return this.pairs.open(session.sessionId, operationId, open, this.#lanes[named.index]);
  }

  /** The open span that an end with this operation id would end. */
  find(named: NamedSpan, operationId: string, session: SessionSpans): OpenSpan | undefined {
    return this.pairs.peek(session.sessionId, operationId, this.#lanes[named.index]);
  }

  /** Matches an end: the span waits for it no more, but is open until it is removed. */
  close(named: NamedSpan, operationId: string, sessionId: string): OpenSpan | undefined {
    return this.pairs.close(boundedId(sessionId), operationId, this.#lanes[named.index]);
  }

  /** The same for all of a session, but for those in which something goes on. */
  closeSession(named: NamedSpan, sessionId: string): OpenSpan[] {
    const lane = this.#lanes[named.index];
    return this.pairs.closeSession(boundedId(sessionId), ({ heldBy }) => heldBy === 0, lane);
  }

  /** Forgets a span that has ended. */
  remove(open: OpenSpan): void {
    const { session } = open;
    session.remove(open);
    if (session.isEmpty) this.#sessions.remove(session);
  }
}
