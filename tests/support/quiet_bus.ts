import { delay } from "@std/async";
import { EventBus, type EventBusOptions } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";

/**
 * A budget for tests in which one slice delivers all that was published, and no call counts as
 * slow: a busy machine may stop a process for longer than the default.
 */
export const ONE_SLICE_MS = 60_000;

/**
 * A bus whose warnings stay out of the test's output, and can be read; its slices have all the time
 * that they need, unless the options say something else.
 */
export function quietBus(
  options: EventBusOptions = {},
): { bus: EventBus; lines: string[] } {
  const logger = new MemoryLogger();
  return {
    bus: new EventBus({ logger, drainBudgetMs: ONE_SLICE_MS, ...options }),
    lines: logger.lines,
  };
}

/** Lets everything that is queued as a microtask run, and one turn of the event loop pass. */
export function nextTurn(): Promise<void> {
  return delay(0);
}

/** Collects an event field from each event that a bus dispatches. */
export function collect<Value>(
  bus: EventBus,
  read: (event: { type: string; metadata: Value }) => Value,
): Value[] {
  const values: Value[] = [];
  bus.subscribeAll((event) => values.push(read(event)));
  return values;
}
