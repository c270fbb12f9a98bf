import type { AnyEvent, OperationId } from "../../catalog/declaration.ts";
import { OpenPairs, type OpenPairsOptions, operationIdOf, pairKey } from "../pairs/open_pairs.ts";
import type { NamedSpan, OpenSpan } from "./session_spans.ts";

/** The announced operations that have neither started nor ended: each holds a root open. */
export class Announcements {
  /** The roots. */
  readonly pairs: OpenPairs<OpenSpan>;

  constructor(options: OpenPairsOptions<OpenSpan>) {
    this.pairs = new OpenPairs(options);
  }

  add({ name, declaration }: NamedSpan, event: AnyEvent, root: OpenSpan): void {
    this.pairs.open(pairKey(name, event, operationIdOf(declaration, event)), root);
  }

  /** The root that the operation's announcement holds open, if it was announced. */
  rootOf(named: NamedSpan, operationId: OperationId, event: AnyEvent): OpenSpan | undefined {
    if (named.declaration.announcedBy.length === 0) return undefined;
    return this.pairs.peek(pairKey(named.name, event, operationId));
  }

  /** Removes the operation's announcement, if there is one. @returns the root that it held open */
  remove(named: NamedSpan, operationId: OperationId, event: AnyEvent): OpenSpan | undefined {
    if (named.declaration.announcedBy.length === 0) return undefined;
    const key = pairKey(named.name, event, operationId);
    // Looked for first: that nothing was announced is no orphaned end.
    return this.pairs.peek(key) && this.pairs.close(key);
  }
}
