/**
 * A process that logs more than a pipe holds, and says on its standard error what became of it; run by
 * the tests of what an output does that takes nothing.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { EventBus } from "@busbar/busbar";
import { jsonLinesSink, LoggingSubscriber } from "@busbar/busbar/subscribers";

interface Lines {
  line: { i: number; text: string };
}

/** How many lines, until which file is there, how it ends, and how long a line's text is. */
const [lines = "10000", until = "", end = "exit", length = "200"] = process.argv.slice(2);
const bus = new EventBus<Lines>({ maxQueueSize: 100_000, drainBudgetMs: 1_000 }).start();
const sink = jsonLinesSink();
const subscriber = new LoggingSubscriber<Lines>({
  logs: {
    line: {
      level: ({ metadata: { i } }) => i % 100 === 7 ? "warn" : "info",
      maxPerSecond: Infinity,
    },
  },
  sink,
});
bus.registerSubscriber(subscriber);

const text = "x".repeat(Number(length));
for (let i = 0; i < Number(lines); i++) bus.publish("line", { i, text });
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
await turn();
process.stderr.write("flooded\n");
if (until !== "") {
  while (!existsSync(until)) await turn();
  // What waits now is read.
  while ((sink.pending ?? 0) > 0) await turn();
}
const [stats] = subscriber.stats().sinks;
const { heapUsed } = process.memoryUsage();
process.stderr.write(`${JSON.stringify({ ...stats, pending: sink.pending, heapUsed })}\n`);
if (end === "exit") process.exit(3);
