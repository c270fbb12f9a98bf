import type { BusEvent } from "../events/event.ts";
import type { Failures } from "./failures.ts";
import type { Ledger } from "./ledger.ts";
import type { ListenerRegistry } from "./listener_registry.ts";
import type { Route, Routes } from "./routes.ts";
import { Tally } from "./tally.ts";

/** Tells one call of a handler from all others: whose it is, and for the how-manieth event. */
export interface CallId {
  readonly route: Route;
  readonly eventNumber: number;
}

/** One call of an async handler that has not settled. */
interface InFlightCall extends CallId {
  readonly settled: Promise<void>;
}

/**
 * Hands one event to everybody who listens: subscribers, then those of every type, then
 * EventTarget listeners. Whatever a handler throws or rejects with ends there, counted.
 */
export class Dispatcher {
  readonly #routes: Routes;
  readonly #listeners: ListenerRegistry;
  readonly #ledger: Ledger;
  readonly #failures: Failures;
  readonly #maxInFlight: number;
  readonly #dispatchToListeners: (event: BusEvent) => void;
  /** Long calls that were noticed, by name. */
  readonly slowCalls: Tally = new Tally();
  readonly #inFlight = new Set<InFlightCall>();
  #dispatching = false;
  /**
   * The routes of the event in dispatch, and which of them is being called; -1 if none is. Small
   * integers, and a list that lives long, cost no write barrier; references to the event and the
   * route, written for each call, would.
   */
  #called: readonly Route[] = [];
  #calledIndex = -1;

  constructor(
    parts: {
      routes: Routes;
      listeners: ListenerRegistry;
      ledger: Ledger;
      failures: Failures;
      maxInFlight: number;
      dispatchToListeners: (event: BusEvent) => void;
    },
  ) {
    this.#routes = parts.routes;
    this.#listeners = parts.listeners;
    this.#ledger = parts.ledger;
    this.#failures = parts.failures;
    this.#maxInFlight = parts.maxInFlight;
    this.#dispatchToListeners = parts.dispatchToListeners;
  }

  /** Whether an event is in dispatch. */
  get dispatching(): boolean {
    return this.#dispatching;
  }

  /** The call whose synchronous part is running, if one is. */
  get currentCall(): CallId | undefined {
    const route = this.#called[this.#calledIndex];
    return route && { route, eventNumber: this.#ledger.delivered };
  }

  /**
   * Dispatches one event.
   *
   * @param longMs if given, each handler is timed, and one that takes as long is counted
   */
  dispatch(event: BusEvent, longMs?: number): void {
    this.#dispatching = true;
    const routes = this.#routes.of(event.type);
    this.#called = routes;
    const heard = this.#listeners.size > 0 && this.#listeners.has(event.type);
    for (let index = 0; index < routes.length; index++) {
      const route = routes[index] as Route;
      if (route.inFlight >= this.#maxInFlight) {
        this.#skip(route);
        continue;
      }
      this.#calledIndex = index;
      const startedAt = longMs === undefined ? 0 : performance.now();
      try {
        // Taken out first: called on the route, the handler would see the route as `this`.
        const { handler } = route;
        const result = handler(event);
        if (typeof result === "object" && result !== null) this.#follow(route, event.type, result);
      } catch (error) {
        this.#failures.count(route.name, event.type, error);
      }
      if (longMs !== undefined) this.#noteDuration(route, performance.now() - startedAt, longMs);
    }
    this.#calledIndex = -1;
    if (heard) this.#dispatchToListeners(event);
    this.#dispatching = false;
    this.#ledger.delivered++;
  }

  /** The async calls under way, without the one that is asking. */
  inFlightBut(asking: CallId | undefined): Promise<void>[] {
    return [...this.#inFlight]
      .filter(({ route, eventNumber }) =>
        route !== asking?.route || eventNumber !== asking.eventNumber
      )
      .map(({ settled }) => settled);
  }

  #follow(route: Route, type: string, result: object): void {
    if (!("then" in result) || typeof result.then !== "function") return;
    route.inFlight++;
    const settled = Promise.resolve(result as PromiseLike<unknown>).then(
      () => undefined,
      (error) => this.#failures.count(route.name, type, error),
    ).then(() => {
      route.inFlight--;
      this.#inFlight.delete(call);
    });
    const call: InFlightCall = { route, eventNumber: this.#ledger.delivered, settled };
    this.#inFlight.add(call);
  }

  #noteDuration(route: Route, tookMs: number, longMs: number): void {
    if (tookMs < longMs) return;
    this.slowCalls.add(route.name);
    this.#failures.tell(
      `${route.name} (slow)`,
      () => `${route.name} held the event loop for ${tookMs.toFixed(1)} ms`,
    );
  }

  #skip(route: Route): void {
    this.#ledger.skippedBySubscriber.add(route.name);
    this.#failures.tell(
      `${route.name} (skipped)`,
      () => `${route.name} has ${route.inFlight} calls pending; events skip it until one settles`,
    );
  }
}
