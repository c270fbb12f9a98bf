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
  readonly handler: EventHandler;
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
export type Routes = ReturnType<typeof createRoutes>;

/** Makes the routes of a bus; there is none yet. */
export function createRoutes() {
  let lastType: string | undefined;
  let last: readonly Route[] = [];
  /** By type, those of every type under `undefined`. */
  const added = new Map<string | undefined, Set<Route>>();
  /** What an event reaches, by type, for types that have routes of their own; made when needed. */
  const reached = new Map<string, readonly Route[]>();
  /** Those of every type, as a list; made when needed. */
  let every: readonly Route[] | undefined;

  /** The routes that were added for `type` itself. */
  const own = (type: string | undefined): readonly Route[] => [...added.get(type) ?? []];

  /** Lets go of the lists that a change of `type` concerns. */
  function forget(type: string | undefined): void {
    lastType = undefined;
    if (type !== undefined) {
      reached.delete(type);
    } else {
      reached.clear();
      every = undefined;
    }
  }

  function compose(type: string): readonly Route[] {
    const routes = own(type);
    every ??= own(undefined);
    if (!routes.length) return every;
    const [listening] = routes.filter(({ listener }) => listener);
    const composed = routes.filter(({ listener }) => !listener).concat(every, listening ?? []);
    reached.set(type, composed);
    return composed;
  }

  return {
    own,

    /** The routes of `type` in the order they are called. */
    of(type: string): readonly Route[] {
      // Events come in bursts of one type.
      if (type !== lastType) {
        last = reached.get(type) ?? compose(type);
        // Last: at the end of the stack the others may throw.
        lastType = type;
      }
      return last;
    },

    /** Adds a handler, for every type if `type` is `undefined`. */
    add(
      type: string | undefined,
      handler: EventHandler,
      name: string = nameOf(handler),
      listener?: Listener,
    ): End {
      const route: Route = { handler, name, listener, inFlight: 0 };
      const routes = added.get(type) ?? new Set();
      added.set(type, routes.add(route));
      forget(type);
      return () => {
        routes.delete(route);
        if (routes.size === 0 && added.get(type) === routes) added.delete(type);
        forget(type);
      };
    },
  };
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
