import { EventBus } from "@busbar/busbar";
import {
  LoggingSubscriber,
  type LoggingSubscriberOptions,
  type LogRecord,
} from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

// deno-lint-ignore no-explicit-any -- the tests log whatever they like
type Anything = Record<string, any>;

/** A bus whose logged events are kept as records, and its warnings as lines. */
export function loggingBus(options: Partial<LoggingSubscriberOptions<Anything>> = {}): {
  bus: EventBus;
  subscriber: LoggingSubscriber;
  records: LogRecord[];
  lines: string[];
} {
  const logger = new MemoryLogger();
  const records: LogRecord[] = [];
  // On a busy machine a call may take long; that this is reported is not what these tests are about.
  const bus = new EventBus({ logger, drainBudgetMs: 1_000 }).start();
  const subscriber = new LoggingSubscriber({
    logs: { a: { level: "info" } },
    sink: (record) => void records.push(record),
    ...options,
  });
  bus.registerSubscriber(subscriber);
  return { bus, subscriber, records, lines: logger.lines };
}
