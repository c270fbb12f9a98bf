import type { EventHandler } from "../events/event_map.ts";
import type { Deadline } from "../internal/deadline.ts";
import type { EventSubscriber } from "../library/event_subscriber.ts";
import type { Failures } from "./failures.ts";
import { assertFunction } from "../internal/arguments.ts";
import type { End, Routes } from "./routes.ts";

/** The registered subscribers, with what the bus asks of all of them. */
export class SubscriberSet {
  readonly #routes: Routes;
  readonly #failures: Failures;
  readonly #registered = new Map<EventSubscriber, End[]>();

  constructor(routes: Routes, failures: Failures) {
    this.#routes = routes;
    this.#failures = failures;
  }

  /** Registers a subscriber, once. @returns what unregisters it */
  add(subscriber: EventSubscriber): End {
    if (!this.#registered.has(subscriber)) {
      const { name } = subscriber;
      const subscriptions = Object.entries(subscriber.getSubscriptions());
      // All are checked before any is wired, so that a bad map leaves nothing half-done.
      for (const [type, handler] of subscriptions) {
        assertFunction(`register ${name}`, `the handler of ${JSON.stringify(type)}`, handler);
      }
      const ends = subscriptions.map(([type, handler]) =>
        this.#routes.add(type, (handler as EventHandler).bind(subscriber), name)
      );
      const { onEvent } = subscriber;
      if (onEvent) ends.push(this.#routes.add(undefined, onEvent.bind(subscriber), name));
      this.#registered.set(subscriber, ends);
    }
    return () => this.#remove(subscriber);
  }

  #remove(subscriber: EventSubscriber): void {
    for (const end of this.#registered.get(subscriber) ?? []) end();
    this.#registered.delete(subscriber);
  }

  /** Calls a method of each subscriber that has it, now and in their order. */
  call(method: "onDrain" | "flushSync", sliceStartedAtMs: number): void {
    for (const subscriber of this.#registered.keys()) {
      this.#call(subscriber, method, sliceStartedAtMs);
    }
  }

  /** Calls a method of all at the same time, and waits for them; `shutdown` unregisters them. */
  async callAsync(method: "flush" | "shutdown", deadline: Deadline): Promise<void> {
    const calls = [...this.#registered.keys()].map(async (subscriber) => {
      const settled = this.#call(subscriber, method);
      if (settled && !await deadline.waitFor(settled)) {
        this.#failures.count(subscriber.name, method, new Error("timed out"));
      }
      if (method === "shutdown") this.#remove(subscriber);
    });
    await Promise.all(calls);
  }

  #call(
    subscriber: EventSubscriber,
    method: "onDrain" | "flushSync" | "flush" | "shutdown",
    sliceStartedAtMs = 0,
  ): Promise<unknown> | undefined {
    return this.#failures.isolate(
      subscriber.name,
      method,
      () => subscriber[method]?.(sliceStartedAtMs),
    );
  }
}
