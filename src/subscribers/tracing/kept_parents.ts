import type { SpanContext } from "../otel_api.ts";

/** A span that others may be under that are reported when it has ended. */
export interface KeptParent {
  readonly context: SpanContext;
  readonly sessionId: string;
}

/** Spans by their name and their operation, in any session, also when they have ended; the latest of them. */
export class KeptParents {
  readonly #limit: number;
  readonly #byName = new Map<string, Map<string, KeptParent>>();

  /** @param limit how many are kept of each name */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(name: string, operationId: string, parent: KeptParent): void {
    let kept = this.#byName.get(name);
    if (kept === undefined) this.#byName.set(name, kept = new Map());
    // A later one of the same operation is the latest.
    kept.delete(operationId);
    if (kept.size >= this.#limit) {
      for (const [oldest] of kept) {
        kept.delete(oldest);
        break;
      }
    }
    kept.set(operationId, parent);
  }

  /** The first of some names that there is. */
  find(names: readonly string[], operationId: string): KeptParent | undefined {
    for (const name of names) {
      const found = this.#byName.get(name)?.get(operationId);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
