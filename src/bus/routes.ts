import type { EventHandler } from "../events/event_map.ts";

/** In which order the routes of one event are called. */
const RANK = { type: 0, every: 1, listeners: 2 };

/** One subscription: a handler, whom it is counted under, and its async calls under way. */
export interface Route {
  readonly handler: EventHandler;
  readonly name: string;
  readonly rank: number;
  inFlight: number;
}

/** Ends something; calling it again does nothing. */
export type End = () => void;

const NO_ROUTES: readonly Route[] = [];

/**
 * Which handlers an event type reaches: its own, then those of every type, then the one that
 * dispatches to its EventTarget listeners. The lists are never changed but replaced, so that
 * whoever dispatches keeps the list it began with.
 */
export class Routes {
  /** By type, those of every type under `undefined`. */
  readonly #own = new Map<string | undefined, readonly Route[]>();
  /** By type: all that an event of it reaches. Under `undefined`: what one of any other type does. */
  readonly #complete = new Map<string | undefined, readonly Route[]>();
  #lastType: string | undefined;
  #last: readonly Route[] = NO_ROUTES;

  /** The handlers of `type` in the order they are called. */
  of(type: string): readonly Route[] {
    // Events come in bursts of one type.
    if (type === this.#lastType) return this.#last;
    this.#lastType = type;
    return this.#last = this.#complete.get(type) ?? this.#complete.get(undefined) ?? NO_ROUTES;
  }

  /** Adds a handler, for every type if `type` is `undefined`. */
  add(
    type: string | undefined,
    handler: EventHandler,
    name: string = handler.name || "(anonymous)",
    rank: keyof typeof RANK = type === undefined ? "every" : "type",
  ): End {
    const route: Route = { handler, name, rank: RANK[rank], inFlight: 0 };
    this.#set(type, [...this.#ownOf(type), route]);
    return () => this.#set(type, this.#ownOf(type).filter((other) => other !== route));
  }

  #ownOf(type: string | undefined): readonly Route[] {
    return this.#own.get(type) ?? NO_ROUTES;
  }

  #set(changed: string | undefined, routes: readonly Route[]): void {
    this.#own.set(changed, routes);
    this.#lastType = undefined;
    const every = this.#ownOf(undefined);
    for (const [type, own] of changed === undefined ? this.#own : [[changed, routes] as const]) {
      if (own.length === 0) {
        this.#own.delete(type);
        this.#complete.delete(type);
      } else {
        const all = type === undefined ? own : [...own, ...every];
        this.#complete.set(type, all.toSorted((a, b) => a.rank - b.rank));
      }
    }
  }
}
