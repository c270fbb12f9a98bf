import type { AnyEvent } from "../../catalog/declaration.ts";
import { boundedId } from "../pairs/bounded_id.ts";
import {
  OpenPairs,
  type OpenPairsLane,
  type OpenPairsOptions,
  operationIdOf,
} from "../pairs/open_pairs.ts";
import { PairLane } from "../pairs/pair_lane.ts";
import type { PairsGroup } from "../pairs/pairs_group.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";

/** The announced operations that have neither started nor ended: each holds a root open. */
export class Announcements {
  /** The roots. */
  readonly pairs: OpenPairs<OpenSpan>;
  /** By the index of the declaration; none for those that are never announced. */
  readonly #lanes: readonly (OpenPairsLane<OpenSpan> | undefined)[];

  constructor(
    spans: readonly NamedSpan[],
    group: PairsGroup,
    options: OpenPairsOptions<OpenSpan>,
  ) {
    this.pairs = new OpenPairs(options, group);
    this.#lanes = spans.map(({ declaration: { announcedBy } }) =>
      announcedBy.length > 0 ? new PairLane() : undefined
    );
  }

  add({ index, declaration }: NamedSpan, event: AnyEvent, root: OpenSpan): void {
    const operationId = operationIdOf(declaration, event);
    this.pairs.open(boundedId(event.sessionId), operationId, root, this.#lanes[index]);
  }

  /**
   * The root that the operation's announcement holds open, if it was announced: under its id, or else
   * without one.
   */
  rootOf(named: NamedSpan, operationId: string, event: AnyEvent): OpenSpan | undefined {
    return this.#entryOf(named, operationId, event)?.start;
  }

  /** Removes the operation's announcement, if there is one. @returns the root that it held open */
  remove(named: NamedSpan, operationId: string, event: AnyEvent): OpenSpan | undefined {
    // Looked for first: that nothing was announced is no orphaned end.
    const entry = this.#entryOf(named, operationId, event);
    if (entry === undefined) return undefined;
    return this.pairs.close(entry.sessionId, entry.operationId, this.#lanes[named.index]);
  }

  #entryOf({ index }: NamedSpan, operationId: string, event: AnyEvent) {
    const lane = this.#lanes[index];
    if (lane === undefined) return undefined;
    const sessionId = boundedId(event.sessionId);
    return lane.get(sessionId, operationId) ?? lane.get(sessionId, "");
  }
}
