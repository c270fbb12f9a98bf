import process from "node:process";
import { assert } from "@std/assert";
import { jsonLinesSink, type LogRecord } from "@busbar/busbar/subscribers";
import { collectGarbage } from "../../support/garbage.ts";
import { holdTimers } from "../../support/watched_timers.ts";

const RECORD: LogRecord = {
  timestampMs: 0,
  level: "info",
  severityNumber: 9,
  body: "",
  attributes: {},
  eventType: "a",
  sessionId: "",
  operationId: "",
};

Deno.test("types that nobody logs any more cost no memory, however many there were", () => {
  const sink = jsonLinesSink({ write: () => {} });
  const run = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      void sink({ ...RECORD, eventType: `${"a type of its own ".repeat(5)}${i}` });
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = run(0, 5_000);
  const bytes = run(5_000, 60_000) - before;
  // All of them would be ten megabytes.
  assert(bytes < 2e6, `${bytes} bytes`);
});

Deno.test("a process has one listener for its end, however many sinks hold lines", async () => {
  using _timers = holdTimers(10);
  const before = process.listenerCount("exit");
  const sinks = Array.from({ length: 5 }, () => jsonLinesSink({ writeLines: () => {} }));
  for (const sink of sinks) void sink(RECORD);
  assert(process.listenerCount("exit") <= before + 1);
  for (const sink of sinks) await sink.flush?.();
});
