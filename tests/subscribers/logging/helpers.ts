import { EventBus } from "@busbar/busbar";
import { type LoggingOptions, LoggingSubscriber, type LogRecord } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

// deno-lint-ignore no-explicit-any -- the tests log whatever they like
type Anything = Record<string, any>;

/** A bus whose logged events are kept as records, and its warnings as lines. */
export function loggingBus(options: Partial<LoggingOptions<Anything>> = {}): {
  bus: EventBus;
  subscriber: LoggingSubscriber;
  records: LogRecord[];
  lines: string[];
} {
  const logger = new MemoryLogger();
  const records: LogRecord[] = [];
  const bus = new EventBus({ logger }).start();
  const subscriber = new LoggingSubscriber({
    logs: { a: { level: "info" } },
    sink: (record) => void records.push(record),
    ...options,
  });
  bus.registerSubscriber(subscriber);
  return { bus, subscriber, records, lines: logger.lines };
}
