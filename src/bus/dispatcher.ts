import type { BusEvent } from "../events/event.ts";
import type { BoundedQueue } from "./bounded_queue.ts";
import { type Failures, isThenable } from "./failures.ts";
import type { Route, Routes } from "./routes.ts";
import { Tally } from "./tally.ts";

/**
 * Takes events off the queue and hands each to everybody who listens: subscribers, then those of
 * every type, then EventTarget listeners. Whatever a handler throws or rejects with ends there,
 * counted.
 */
export class Dispatcher {
  /** Long calls that were noticed, by name. */
  readonly slowCalls: Tally = new Tally();
  /** Events that passed by a handler with too many calls pending, by its name. */
  readonly skipped: Tally = new Tally();
  readonly #queue: BoundedQueue<BusEvent>;
  readonly #routes: Routes;
  readonly #failures: Failures;
  readonly #maxInFlight: number;
  /** Async calls that have not settled, by what tells one call from all others. */
  readonly #inFlight = new Map<string, Promise<unknown>>();
  /**
   * Which route of the event in dispatch is being called, -1 if none is. A small integer costs no
   * write barrier; references to the event and the route, written for each call, would.
   */
  #called = -1;

  constructor(
    queue: BoundedQueue<BusEvent>,
    routes: Routes,
    failures: Failures,
    maxInFlight: number,
  ) {
    this.#queue = queue;
    this.#routes = routes;
    this.#failures = failures;
    this.#maxInFlight = maxInFlight;
  }

  /** How many events have left the queue and are not with all their handlers yet: one or none. */
  get dispatching(): number {
    return this.#called < 0 ? 0 : 1;
  }

  /** Tells the call whose synchronous part is running from all others. */
  get currentCall(): string {
    return `${this.#queue.shifted} ${this.#called}`;
  }

  /**
   * Dispatches the oldest event.
   *
   * @param longMs above 0, each handler is timed, and one that takes as long is counted
   * @returns whether there was one
   */
  dispatchNext(longMs: number): boolean {
    const event = this.#queue.shift();
    if (event === undefined) return false;
    const routes = this.#routes.of(event.type);
    // At the end of a process, a handler's exit() dispatches what is left from within.
    const outer = this.#called;
    for (let index = 0; index < routes.length; index++) {
      this.#called = index;
      const route = routes[index] as Route;
      if (longMs > 0) this.#callTimed(route, event, longMs);
      else this.#call(route, event);
    }
    this.#called = outer;
    return true;
  }

  /** Resolves when the async calls under way have settled, but for the one that is asking. */
  settled(asking: string): Promise<unknown> {
    const others = [...this.#inFlight].filter(([call]) => call !== asking);
    return Promise.all(others.map(([, settled]) => settled));
  }

  #call(route: Route, event: BusEvent): void {
    if (route.inFlight >= this.#maxInFlight) return this.#skip(route);
    try {
      // Taken out first: called on the route, the handler would see the route as `this`.
      const { handler } = route;
      const result = handler(event);
      if (isThenable(result)) this.#follow(route, event.type, result);
    } catch (error) {
      this.#failures.count(route.name, event.type, error);
    }
  }

  #callTimed(route: Route, event: BusEvent, longMs: number): void {
    const startedAt = performance.now();
    this.#call(route, event);
    const tookMs = performance.now() - startedAt;
    if (tookMs < longMs) return;
    const { name } = route;
    this.slowCalls.add(name);
    this.#failures.tell(name, `held the event loop for ${tookMs.toFixed(1)} ms`, `${name} (slow)`);
  }

  #follow(route: Route, type: string, result: object): void {
    const call = this.currentCall;
    route.inFlight++;
    const settled = this.#failures.follow(route.name, type, result).then(() => {
      route.inFlight--;
      this.#inFlight.delete(call);
    });
    this.#inFlight.set(call, settled);
  }

  #skip({ name, inFlight }: Route): void {
    this.skipped.add(name);
    this.#failures.tell(name, `has ${inFlight} calls pending and is skipped`, `${name} (skipped)`);
  }
}
