import { type Keyed, PairLane } from "../pairs/pair_lane.ts";
import { LinkedStack } from "./linked_stack.ts";
import type { NamedSpan, OpenSpan, SessionSpans } from "./session_spans.ts";

/** Those of one declaration, session and operation. */
interface Waiting extends Keyed {
  readonly roots: LinkedStack<OpenSpan>;
}

/** The roots whose own end has come, and which only wait for their work. */
export class WaitingRoots {
  readonly #lanes: readonly PairLane<Waiting>[];
  /** How many. */
  count = 0;

  constructor(spans: readonly NamedSpan[]) {
    this.#lanes = spans.map(() => new PairLane());
  }

  add(root: OpenSpan): void {
    this.count++;
    const { named, session, operationId } = root;
    // Nobody asks for the others.
    if (!named.indexed) return;
    const added = { sessionId: session.sessionId, operationId, roots: new LinkedStack<OpenSpan>() };
    const { roots } = this.#lanes[named.index]?.add(added) ?? added;
    root.inWaiting = roots.add(root);
  }

  /** The one that began to wait last. */
  newestOf(named: NamedSpan, operationId: string, session: SessionSpans): OpenSpan | undefined {
    return this.#lanes[named.index]?.get(session.sessionId, operationId)?.roots.newest;
  }

  remove({ named, session, operationId, inWaiting }: OpenSpan): void {
    this.count--;
    if (inWaiting === undefined) return;
    const lane = this.#lanes[named.index];
    const waiting = lane?.get(session.sessionId, operationId);
    if (waiting === undefined) return;
    waiting.roots.remove(inWaiting);
    if (waiting.roots.newest === undefined) lane?.remove(waiting);
  }
}
