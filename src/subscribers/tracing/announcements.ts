import type { AnyEvent, OperationId } from "../../catalog/declaration.ts";
import { OpenPairs, type OpenPairsOptions, pairKey } from "../pairs/open_pairs.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";

/** An operation that was announced: it holds its session's root open until it starts. */
export interface Announcement {
  /** When it was announced, in milliseconds since the epoch. */
  readonly timestamp: number;
  readonly root: OpenSpan;
}

/** The announced operations that have neither started nor ended. */
export class Announcements {
  readonly #pairs: OpenPairs<Announcement>;

  constructor(options: OpenPairsOptions<Announcement>) {
    this.#pairs = new OpenPairs(options);
  }

  add({ name, declaration }: NamedSpan, event: AnyEvent, root: OpenSpan): void {
    const { timestamp } = event;
    this.#pairs.open(pairKey(name, event, declaration.operationId(event)), { timestamp, root });
  }

  /** The root that the operation's announcement holds open, if it was announced. */
  rootOf(named: NamedSpan, operationId: OperationId, event: AnyEvent): OpenSpan | undefined {
    if (named.declaration.announcedBy.length === 0) return undefined;
    return this.#pairs.peek(pairKey(named.name, event, operationId))?.root;
  }

  /** Removes the operation's announcement, if there is one. @returns the root that it held open */
  remove(named: NamedSpan, operationId: OperationId, event: AnyEvent): OpenSpan | undefined {
    if (named.declaration.announcedBy.length === 0) return undefined;
    const key = pairKey(named.name, event, operationId);
    // Looked for first: that nothing was announced is no orphaned end.
    return this.#pairs.peek(key) && this.#pairs.close(key)?.root;
  }

  /** Expires those that have waited too long; see `OpenPairs.expire`. */
  expire(nowMs: number): void {
    this.#pairs.expire(nowMs);
  }
}
