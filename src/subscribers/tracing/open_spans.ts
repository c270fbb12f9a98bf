import type { OperationId } from "../../catalog/declaration.ts";
import { boundedId } from "../pairs/bounded_id.ts";
import { OpenPairs, type OpenPairsOptions, type PairLane } from "../pairs/open_pairs.ts";
import { type NamedSpan, type OpenSpan, SessionSpans } from "./session_spans.ts";

/** For sessions without an open span. */
const EMPTY_LANE: PairLane = new Map();

/** The open spans of all sessions. */
export class OpenSpans {
  readonly #sessions = new Map<string, SessionSpans>();
  /** Those whose end has not come. */
  readonly pairs: OpenPairs<OpenSpan>;

  constructor(options: OpenPairsOptions<OpenSpan>) {
    this.pairs = new OpenPairs(options);
  }

  /** A session, if it has an open span. */
  session(id: string): SessionSpans | undefined {
    return this.#sessions.get(boundedId(id));
  }

  /** A session, a new one if it has no open span; `add` makes it known. */
  sessionFor(id: string): SessionSpans {
    const bounded = boundedId(id);
    return this.#sessions.get(bounded) ?? new SessionSpans(bounded);
  }

  /** Adds one. @returns whether another of its declaration, session and operation is open */
  add(open: OpenSpan): boolean {
    const { session, named, operationId } = open;
    if (session.isEmpty) this.#sessions.set(session.id, session);
    session.add(open);
    return operationId === undefined
      ? this.pairs.open(named.index, open, session)
      : this.pairs.open(operationId, open, session.operationsOf(named));
  }

  /** The open span that an end with this operation id would end. */
  find(
    named: NamedSpan,
    operationId: OperationId,
    session: SessionSpans,
  ): OpenSpan | undefined {
    return operationId === undefined
      ? this.pairs.peek(named.index, session)
      : this.pairs.peek(operationId, session.operationsOf(named));
  }

  /** Matches an end: the span waits for it no more, but is open until it is removed. */
  close(
    named: NamedSpan,
    operationId: OperationId,
    session: SessionSpans | undefined,
  ): OpenSpan | undefined {
    return operationId === undefined
      ? this.pairs.close(named.index, session ?? EMPTY_LANE)
      : this.pairs.close(operationId, session?.operationsOf(named) ?? EMPTY_LANE);
  }

  /** Forgets a span that has ended. */
  remove(open: OpenSpan): void {
    const { session } = open;
    session.remove(open);
    if (session.isEmpty) this.#sessions.delete(session.id);
  }
}
