import type { EventHandler } from "../events/event_map.ts";
import { nameOf } from "../internal/reporting.ts";

/** Ends something; calling it again does nothing. */
export type End = () => void;

/** Which EventTarget listener a route stands for. */
export interface Listener {
  readonly callback: EventListenerOrEventListenerObject;
  readonly capture: boolean;
  readonly end: End;
}

/** One subscription: a handler, whom it is counted under, and its async calls under way. */
export interface Route {
  /** The handler, or what stands in for it while too many of its calls are pending. */
  handler: EventHandler;
  readonly name: string;
  readonly listener: Listener | undefined;
  inFlight: number;
}

/**
 * Which handlers an event type reaches: its own, then those of every type, then its EventTarget
 * listeners, which any one of their routes dispatches to all at once. The lists are never changed
 * but made anew when an event next needs them, so that whoever dispatches keeps the list it began
 * with, and adding or ending a route costs the same however many there are.
 */
export class Routes {
  /** By type, those of every type under `undefined`. */
  readonly #own = new Map<string | undefined, Set<Route>>();
  /** What an event reaches, by type, for types that have routes of their own; made when needed. */
  readonly #reached = new Map<string, readonly Route[]>();
  /** Those of every type, as a list; made when needed. */
  #every: readonly Route[] | undefined;
  #lastType: string | undefined;
  #last: readonly Route[] = [];

  /** The routes of `type` in the order they are called. */
  of(type: string): readonly Route[] {
    // Events come in bursts of one type.
    if (type !== this.#lastType) {
      this.#last = this.#reached.get(type) ?? this.#compose(type);
      // Last: at the end of the stack the others may throw.
      this.#lastType = type;
    }
    return this.#last;
  }

  /** The routes that were added for `type` itself. */
  own(type: string | undefined): readonly Route[] {
    return [...this.#own.get(type) ?? []];
  }

  /** Adds a handler, for every type if `type` is `undefined`. */
  add(
    type: string | undefined,
    handler: EventHandler,
    name: string = nameOf(handler),
    listener?: Listener,
  ): End {
    const route: Route = { handler, name, listener, inFlight: 0 };
    const own = this.#own.get(type) ?? new Set();
    this.#own.set(type, own.add(route));
    this.#forget(type);
    return () => {
      own.delete(route);
      if (own.size === 0 && this.#own.get(type) === own) this.#own.delete(type);
      this.#forget(type);
    };
  }

  /** Lets go of the lists that a change of `type` concerns. */
  #forget(type: string | undefined): void {
    this.#lastType = undefined;
    if (type !== undefined) {
      this.#reached.delete(type);
    } else {
      this.#reached.clear();
      this.#every = undefined;
    }
  }

  #compose(type: string): readonly Route[] {
    const own = this.own(type);
    const every = this.#every ??= this.own(undefined);
    if (own.length === 0) return every;
    const [listening] = own.filter(({ listener }) => listener);
    const reached = own.filter(({ listener }) => !listener).concat(every, listening ?? []);
    this.#reached.set(type, reached);
    return reached;
  }
}

/** Has `end` called when `signal` aborts as well. */
export function untilAborted(signal: AbortSignal | undefined, end: End): End {
  const endOnce = () => {
    signal?.removeEventListener("abort", endOnce);
    end();
  };
  signal?.addEventListener("abort", endOnce);
  return endOnce;
}
