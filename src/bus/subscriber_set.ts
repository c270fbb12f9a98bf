import type { EventHandler } from "../events/event_map.ts";
import { assertFunction, format } from "../internal/arguments.ts";
import type { Deadline } from "../internal/deadline.ts";
import { nameOf } from "../internal/reporting.ts";
import type { EventSubscriber } from "../library/event_subscriber.ts";
import type { Failures } from "./failures.ts";
import type { End, Routes } from "./routes.ts";

/** The registered subscribers, with what the bus asks of all of them. */
export type SubscriberSet = ReturnType<typeof createSubscriberSet>;

/** Makes the subscribers of a bus; there is none yet. */
export function createSubscriberSet(routes: Routes, failures: Failures) {
  const registered = new Map<EventSubscriber, End[]>();
  /** Those that want to hear of the end of a slice. */
  let draining: EventSubscriber[] = [];

  function remove(subscriber: EventSubscriber): void {
    for (const end of registered.get(subscriber) ?? []) end();
    registered.delete(subscriber);
    draining = draining.filter((other) => other !== subscriber);
  }

  const call = (
    subscriber: EventSubscriber,
    method: "onDrain" | "flushSync" | "flush" | "shutdown",
    sliceStartedAtMs = 0,
  ) => failures.call(subscriber, method, () => subscriber[method]?.(sliceStartedAtMs));

  return {
    /** Registers a subscriber, once. @returns what unregisters it */
    add(subscriber: EventSubscriber): End {
      if (!registered.has(subscriber)) {
        const name = nameOf(subscriber);
        const { now } = failures;
        const entries: [type: string | undefined, handler: unknown][] = Object.entries(
          subscriber.getSubscriptions({ now }),
        );
        const { onEvent, onDrain } = subscriber;
        if (onEvent) entries.push([undefined, onEvent]);
        // All are looked up and checked before any is wired, so that a bad one leaves nothing half-done.
        const handlers = entries.map(([type, handler]) => {
          assertFunction(`register ${name}`, `the handler of ${format(type)}`, handler);
          return [type, (handler as EventHandler).bind(subscriber)] as const;
        });
        if (onDrain) draining = [...draining, subscriber];
        registered.set(
          subscriber,
          handlers.map(([type, handler]) => routes.add(type, handler, name)),
        );
      }
      return () => remove(subscriber);
    },

    /** Tells them that a slice has ended, in their order. */
    onDrain(startedAtMs: number): void {
      for (const subscriber of draining) call(subscriber, "onDrain", startedAtMs);
    },

    /** Has each pass on what it can, now. */
    flushSync(): void {
      for (const subscriber of registered.keys()) call(subscriber, "flushSync");
    },

    /** Calls a method of all at the same time, and waits for them; `shutdown` unregisters them. */
    async call(method: "flush" | "shutdown", deadline: Deadline): Promise<void> {
      // Who is called when nothing is left of the time is not to blame for it.
      const { passed } = deadline;
      const calls = [...registered.keys()].map(async (subscriber) => {
        const settled = call(subscriber, method);
        if (settled && !await deadline.waitFor(settled) && !passed) {
          failures.count(nameOf(subscriber), method, "timed out");
        }
        if (method === "shutdown") remove(subscriber);
      });
      await Promise.all(calls);
    },
  };
}
