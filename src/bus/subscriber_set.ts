import type { EventHandler } from "../events/event_map.ts";
import type { Deadline } from "./deadline.ts";
import type { EventSubscriber } from "./event_subscriber.ts";
import type { Failures } from "./failures.ts";
import { Route, type Routes } from "./routes.ts";

/** The registered subscribers, with what the bus asks of all of them. */
export class SubscriberSet {
  readonly #routes: Routes;
  readonly #failures: Failures;
  readonly #registered = new Map<EventSubscriber, () => void>();
  #withOnDrain: readonly EventSubscriber[] = [];

  constructor(routes: Routes, failures: Failures) {
    this.#routes = routes;
    this.#failures = failures;
  }

  add(subscriber: EventSubscriber): Disposable {
    if (!this.#registered.has(subscriber)) this.#wire(subscriber);
    return { [Symbol.dispose]: () => this.#remove(subscriber) };
  }

  #wire(subscriber: EventSubscriber): void {
    // Everything is checked before anything is wired, so that a bad map leaves nothing half-done.
    const routes = Object.entries(subscriber.getSubscriptions()).map(([type, handler]) => {
      if (typeof handler !== "function") {
        throw new TypeError(
          `Cannot register ${subscriber.name}: the handler of ${JSON.stringify(type)} ` +
            `must be a function, received ${typeof handler}`,
        );
      }
      return [
        type,
        new Route((handler as EventHandler).bind(subscriber), subscriber.name),
      ] as const;
    });
    for (const [type, route] of routes) this.#routes.add(type, route);
    this.#registered.set(subscriber, () => {
      for (const [type, route] of routes) this.#routes.remove(type, route);
    });
    this.#noteOnDrain();
  }

  #remove(subscriber: EventSubscriber): void {
    this.#registered.get(subscriber)?.();
    if (this.#registered.delete(subscriber)) this.#noteOnDrain();
  }

  #noteOnDrain(): void {
    this.#withOnDrain = [...this.#registered.keys()].filter((subscriber) => subscriber.onDrain);
  }

  /** Tells the subscribers that a slice has ended. */
  onDrain(): void {
    for (const subscriber of this.#withOnDrain) this.#call(subscriber, "onDrain");
  }

  /** Lets the subscribers hand on what they can without awaiting. */
  flushSync(): void {
    for (const subscriber of this.#registered.keys()) this.#call(subscriber, "flushSync");
  }

  #call(subscriber: EventSubscriber, method: "onDrain" | "flushSync"): void {
    try {
      subscriber[method]?.();
    } catch (error) {
      this.#failed(subscriber, method, error);
    }
  }

  /** Flushes all at the same time. */
  async flush(deadline: Deadline): Promise<void> {
    await this.#callAll("flush", deadline);
  }

  /** Shuts all down at the same time and unregisters them. */
  async shutdown(deadline: Deadline): Promise<void> {
    await this.#callAll("shutdown", deadline);
    for (const subscriber of [...this.#registered.keys()]) this.#remove(subscriber);
  }

  async #callAll(method: "flush" | "shutdown", deadline: Deadline): Promise<void> {
    // Never on the stack of whoever called flush or stop.
    await null;
    const calls: Promise<void>[] = [];
    for (const subscriber of [...this.#registered.keys()]) {
      try {
        const result = subscriber[method]?.();
        if (result !== undefined) calls.push(this.#settle(subscriber, method, result, deadline));
      } catch (error) {
        this.#failed(subscriber, method, error);
      }
    }
    await Promise.all(calls);
  }

  async #settle(
    subscriber: EventSubscriber,
    method: string,
    result: PromiseLike<void>,
    deadline: Deadline,
  ): Promise<void> {
    const settled = Promise.resolve(result).catch((error) =>
      this.#failed(subscriber, method, error)
    );
    if (!await deadline.within(settled)) {
      this.#failed(subscriber, method, new Error("it did not end in time"));
    }
  }

  #failed(subscriber: EventSubscriber, method: string, error: unknown): void {
    this.#failures.count(subscriber.name, method, error);
  }
}
