import type { BusEvent } from "../events/event.ts";
import type { Failures } from "./failures.ts";
import type { Ledger } from "./ledger.ts";
import type { ListenerRegistry } from "./listener_registry.ts";
import type { Route, Routes } from "./routes.ts";

/** One call of an async handler that has not settled. */
export interface InFlightCall {
  readonly event: BusEvent;
  readonly route: Route;
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
  readonly #now: () => number;
  readonly #maxInFlight: number;
  readonly #dispatchToListeners: (event: BusEvent) => void;
  readonly #inFlight = new Set<InFlightCall>();
  #event: BusEvent | undefined;
  /** The routes of the event in dispatch, and which of them is being called; -1 if none is. */
  #called: readonly Route[] = [];
  #calledIndex = -1;

  constructor(
    parts: {
      routes: Routes;
      listeners: ListenerRegistry;
      ledger: Ledger;
      failures: Failures;
      now: () => number;
      maxInFlight: number;
      dispatchToListeners: (event: BusEvent) => void;
    },
  ) {
    this.#routes = parts.routes;
    this.#listeners = parts.listeners;
    this.#ledger = parts.ledger;
    this.#failures = parts.failures;
    this.#now = parts.now;
    this.#maxInFlight = parts.maxInFlight;
    this.#dispatchToListeners = parts.dispatchToListeners;
  }

  /** The event in dispatch. */
  get event(): BusEvent | undefined {
    return this.#event;
  }

  /** The handler whose synchronous part is running. */
  get route(): Route | undefined {
    return this.#called[this.#calledIndex];
  }

  dispatch(event: BusEvent): void {
    this.#event = event;
    const routes = this.#routes.of(event.type);
    this.#called = routes;
    const heard = this.#listeners.size > 0 && this.#listeners.has(event.type);
    for (let index = 0; index < routes.length; index++) {
      const route = routes[index] as Route;
      if (route.inFlight >= this.#maxInFlight) {
        this.#skip(route);
        continue;
      }
      // A small integer costs no write barrier, as a reference in each call would.
      this.#calledIndex = index;
      try {
        const result = route.handler.call(route.owner, event);
        if (typeof result === "object" && result !== null) this.#follow(route, event, result);
      } catch (error) {
        this.#failures.count(route.name, event.type, error, this.#now());
      }
    }
    this.#calledIndex = -1;
    if (heard) this.#dispatchToListeners(event);
    this.#event = undefined;
    this.#ledger.delivered++;
  }

  /** The async calls under way, without the one that is asking. */
  inFlightBut(asking: { event: BusEvent; route: Route } | undefined): Promise<void>[] {
    const calls: Promise<void>[] = [];
    for (const call of this.#inFlight) {
      if (call.event !== asking?.event || call.route !== asking.route) calls.push(call.settled);
    }
    return calls;
  }

  #follow(route: Route, event: BusEvent, result: object): void {
    if (!("then" in result) || typeof result.then !== "function") return;
    route.inFlight++;
    const settled = Promise.resolve(result as PromiseLike<unknown>).then(
      () => undefined,
      (error) => this.#failures.count(route.name, event.type, error, this.#now()),
    ).then(() => {
      route.inFlight--;
      this.#inFlight.delete(call);
    });
    const call: InFlightCall = { event, route, settled };
    this.#inFlight.add(call);
  }

  #skip(route: Route): void {
    this.#ledger.skippedBySubscriber.add(route.name);
    this.#failures.tell(
      `${route.name} (skipped)`,
      this.#now(),
      () => `${route.name} has ${route.inFlight} calls pending; events skip it until one settles`,
    );
  }
}
