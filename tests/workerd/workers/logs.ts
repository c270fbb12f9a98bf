import { EventBus } from "@busbar/busbar";
import { jsonLinesSink, LoggingSubscriber, type LogRecord } from "@busbar/busbar/subscribers";
import { worker } from "./answers.ts";

const written: string[] = [];
const printed: string[] = [];
const reports: string[] = [];
let isBroken = false;
let hung = 0;
let kept: string[] = [];

// deno-lint-ignore no-console -- it stands in for the console, which is what is tested
console.log = (line: string) => void printed.push(line);

function writeLines(lines: string): void {
  if (isBroken) throw new Error("broken");
  written.push(lines);
}

/** It never settles what it has. */
function hangs(): Promise<void> {
  hung++;
  return new Promise(() => {});
}

function keep({ body }: LogRecord): void {
  kept = [...kept, body];
}

/** All are of the module, as those that requests share are. */
const bus = new EventBus({ logger: { warn: (line: string) => void reports.push(line) } }).start();
const logger = { warn: (line: string) => void reports.push(line) };
const levels = { level: "info", body: () => "read" } as const;
const subscribers = {
  lines: { sink: jsonLinesSink({ writeLines }), type: "lines" },
  console: { sink: jsonLinesSink(), type: "console" },
  hangs: { sink: hangs, type: "hangs" },
  flood: { sink: keep, type: "flood" },
};
for (const { sink, type } of Object.values(subscribers)) {
  bus.registerSubscriber(
    new LoggingSubscriber({
      logs: { [type]: type === "flood" ? { ...levels, maxPerSecond: 1 } : levels },
      sink,
      maxPending: 1,
      suppressedIntervalMs: 50,
      logger,
    }),
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const seen = () => ({ published: bus.stats().published, written, printed, hung, kept, reports });

export default worker({
  seen,
  breakOutput(does: boolean) {
    isBroken = does;
  },
  publish([type, count]: [type: string, count: number]) {
    for (let i = 0; i < count; i++) bus.publish(type);
    return seen();
  },
  async publishAndStay([type, ms]: [type: string, ms: number]) {
    bus.publish(type);
    await pause(ms);
    return seen();
  },
  async flush(timeoutMs: number) {
    return { flushed: await bus.flush({ timeoutMs }), ...seen() };
  },
  async stop(timeoutMs: number) {
    await bus.stop({ timeoutMs });
    return seen();
  },
});
