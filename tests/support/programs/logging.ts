/**
 * A process that logs to its standard output and ends in the way its argument names; run by the
 * tests of what a log loses at an exit.
 */
import process from "node:process";
import { EventBus } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";
import { declare } from "@busbar/busbar/catalog";
import { jsonLinesSink, LoggingSubscriber } from "@busbar/busbar/subscribers";

const LINES = 3_000;

const [how = "", hooks = "hooks"] = process.argv.slice(2);
const bus = new EventBus({ drainBudgetMs: 1_000 }).start();
const { catalog } = declare();
const { logs } = catalog({
  logs: { line: { level: ({ metadata }) => metadata.level, maxPerSecond: Infinity } },
});
bus.registerSubscriber(new LoggingSubscriber({ logs, sink: jsonLinesSink() }));
if (hooks === "hooks") installExitHooks(bus);

const log = (from: number, to: number) => {
  for (let i = from; i < to; i++) {
    bus.publish("line", { level: i % 1_000 === 7 ? "error" : "info", i, text: "é".repeat(20) });
  }
};
log(0, LINES - 3);
// These are lines by now; those that come next are events at the end.
await new Promise((resolve) => setTimeout(resolve, 0));
if (hooks === "hooks") log(LINES - 3, LINES);

switch (how) {
  case "end":
    break;
  case "stop":
    await bus.stop();
    process.exit(0);
    break;
  case "exit":
    process.exit(7);
    break;
  case "deno-exit":
    if ("Deno" in globalThis) Deno.exit(7);
    process.exit(7);
    break;
  case "throw":
    throw new Error("an uncaught error");
  case "throw-later":
    setTimeout(() => {
      throw new Error("an uncaught error");
    });
    break;
  case "reject":
    Promise.reject(new Error("an unhandled rejection"));
    break;
  case "signal":
    // Something to live for, until the signal comes.
    setInterval(() => {}, 1_000);
    process.stderr.write("ready\n");
    break;
}
