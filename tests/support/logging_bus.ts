import { EventBus } from "@busbar/busbar";
import {
  LoggingSubscriber,
  type LoggingSubscriberOptions,
  type LogRecord,
} from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "./quiet_bus.ts";

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
  const bus = new EventBus({ logger, drainBudgetMs: ONE_SLICE_MS }).start();
  const subscriber = new LoggingSubscriber({
    logs: { a: { level: "info" } },
    sink: (record) => void records.push(record),
    logger,
    ...options,
  });
  bus.registerSubscriber(subscriber);
  return { bus, subscriber, records, lines: logger.lines };
}
