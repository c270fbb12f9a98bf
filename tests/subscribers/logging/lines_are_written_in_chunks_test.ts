import { assert, assertEquals } from "@std/assert";
import { jsonLinesSink, type LogSink } from "@busbar/busbar/subscribers";
import type { LogLevel } from "@busbar/busbar/catalog";
import { capturedWarnings } from "../../support/captured_warnings.ts";
import { loggingBus } from "../../support/logging_bus.ts";
import { nextTurn } from "../../support/quiet_bus.ts";
import { holdTimers, hurryTimers } from "../../support/watched_timers.ts";

/** A bus whose log records become lines in chunks; an event's metadata is its level and a text. */
function chunked(writeLines: (lines: string) => void = () => {}) {
  const chunks: string[] = [];
  const sink = jsonLinesSink({
    writeLines: (text) => {
      writeLines(text);
      chunks.push(text);
    },
  });
  const { bus, subscriber, lines } = loggingBus({
    logs: {
      a: {
        level: ({ metadata }) => metadata[0],
        body: ({ metadata }) => metadata[1],
        attributes: () => ({}),
      },
    },
    maxPerSecond: Infinity,
    sink,
  });
  const log = async (body: string, level: LogLevel = "info") => {
    bus.publish("a", [level, body]);
    await nextTurn();
  };
  /** What each chunk says. */
  const said = () =>
    chunks.map((text) => {
      assert(text.endsWith("\n"));
      return text.trim().split("\n").map((line) => JSON.parse(line).body);
    });
  return { bus, sink, subscriber, lines, log, said };
}

Deno.test("lines wait for others, at most 50 ms", async () => {
  using timers = holdTimers(10);
  const { bus, log, said } = chunked();
  await log("a");
  await log("b");
  assertEquals(said(), []);
  assertEquals(timers.waiting.length, 1);
  assert(timers.waiting[0]!.delayMs <= 50);
  timers.waiting[0]?.fire();
  assertEquals(said(), [["a", "b"]]);
  await log("c");
  timers.waiting[0]?.fire();
  assertEquals(said(), [["a", "b"], ["c"]]);
  assertEquals(timers.waiting.length, 0);
  await bus.stop();
  assertEquals(said().length, 2);
});

Deno.test("warn and above are written at once, after the lines that wait", async () => {
  using timers = holdTimers(10);
  const { bus, log, said } = chunked();
  await log("a", "info");
  await log("b", "warn");
  assertEquals(said(), [["a", "b"]]);
  await log("c", "error");
  await log("d", "fatal");
  assertEquals(said(), [["a", "b"], ["c"], ["d"]]);
  await log("e", "info");
  // The timer of the first line: it writes what there is, and no other is set.
  assertEquals(timers.waiting.length, 1);
  timers.waiting[0]?.fire();
  assertEquals([said().at(-1), timers.waiting.length], [["e"], 0]);
  await bus.stop();
});

Deno.test("flush, flushSync and stop write what waits, and leave no timer", async () => {
  using _timers = holdTimers(10);
  const { bus, log, said } = chunked();
  await log("a");
  assertEquals(await bus.flush(), true);
  assertEquals(said(), [["a"]]);
  await log("b");
  bus.flushSync();
  assertEquals(said(), [["a"], ["b"]]);
  await log("c");
  await bus.stop();
  assertEquals(said(), [["a"], ["b"], ["c"]]);
  assertEquals(said().length, 3);
});

Deno.test("many lines do not wait at all, and nothing is too long to be written", async () => {
  using _timers = holdTimers(10);
  const { bus, sink, log, said } = chunked();
  for (let i = 0; i < 200; i++) await log("x".repeat(1_000));
  assert(said().length >= 2, String(said().length));
  // A record of the subscriber's has shorter texts.
  const record = { timestampMs: 0, level: "info", severityNumber: 9, attributes: {} } as const;
  const ids = { eventType: "a", sessionId: "", operationId: "" };
  sink({ ...record, ...ids, body: "y".repeat(3_000_000) });
  await nextTurn();
  assertEquals(said().at(-1)?.at(-1)?.length, 3_000_000);
  await bus.stop();
  assertEquals(said().flat().length, 201);
});

Deno.test("what cannot be written is tried again, in order and once each; that is told once", async () => {
  using warnings = capturedWarnings();
  using timers = holdTimers(10);
  let isFull = true;
  const { bus, subscriber, log, said } = chunked(() => {
    if (isFull) throw new Error("disk full");
  });
  await log("a");
  await log("b", "error");
  await log("c", "error");
  assertEquals(await bus.flush(), true);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LoggingSubscriber: 1 });
  assertEquals(warnings.lines, [
    "busbar: jsonLinesSink cannot write lines, 2 wait: disk full; they are tried again",
  ]);
  isFull = false;
  while (timers.waiting.length > 0) timers.waiting[0]?.fire();
  assertEquals(said(), [["a", "b", "c"]]);
  await log("d", "error");
  assertEquals(said().at(-1), ["d"]);
  await bus.stop();
  assertEquals(subscriber.stats().sinks, [
    { name: "jsonLines", accepted: 4, failed: 0, dropped: 0 },
  ]);
});

Deno.test("an output that takes nothing costs bounded memory; what fails and what waits is told at the end", async () => {
  using _warnings = capturedWarnings();
  using timers = holdTimers(10);
  let longest = 0;
  let isFull = true;
  const { bus, subscriber, lines, said } = chunked((text) => {
    longest = Math.max(longest, text.length);
    if (isFull) throw new Error("disk full");
  });
  for (let i = 0; i < 5_000; i++) bus.publish("a", ["info", "x".repeat(1_000)]);
  await bus.stop();
  const { accepted, dropped, failed } = subscriber.stats().sinks[0]!;
  assertEquals([accepted + dropped, failed], [5_000, 0]);
  assert(accepted > 500 && longest <= 1_100_000, `${accepted} ${longest}`);
  assertEquals(
    lines.at(-1)?.replaceAll(",", ""),
    "busbar: LoggingSubscriber: not all log records were written: " +
      `${dropped} were too many for the sink jsonLines ${accepted} wait in the sink jsonLines`,
  );
  isFull = false;
  for (const timer of [...timers.waiting]) timer.fire();
  // The last line says how many are missing.
  assertEquals(said().flat().length, accepted + 1);
  assertEquals(
    said().at(-1),
    [`${
      dropped.toLocaleString("en")
    } lines were dropped here: the output took fewer than there were`],
  );
});

Deno.test("an output that has the bus drain while it writes changes no order", async () => {
  using _timers = holdTimers(10);
  let bus: { flushSync(): unknown } | undefined = undefined;
  const tested = chunked(() => bus?.flushSync());
  bus = tested.bus;
  for (let i = 0; i < 50; i++) tested.bus.publish("a", [i % 3 === 0 ? "error" : "info", `${i}`]);
  await tested.bus.stop();
  assertEquals(tested.said().flat(), Array.from({ length: 50 }, (_, i) => `${i}`));
});

Deno.test("an output that has the bus flush while it writes gets each line once", async () => {
  using timers = holdTimers(10);
  let bus: { flushSync(): unknown } | undefined = undefined;
  const tested = chunked(() => bus?.flushSync());
  bus = tested.bus;
  await tested.log("a");
  tested.bus.publish("a", ["info", "b"]);
  // It comes from nobody's call, and has the sink called.
  timers.waiting[0]?.fire();
  assertEquals(tested.said(), [["a"], ["b"]]);
  await tested.bus.stop();
  assertEquals(tested.said().length, 2);
});

Deno.test("an output that flushes itself and fails is tried again all the same", async () => {
  using _warnings = capturedWarnings();
  using _timers = hurryTimers(40);
  let isFull = true;
  const chunks: string[] = [];
  const sink: LogSink = jsonLinesSink({
    writeLines: (text) => {
      sink.flushSync?.();
      if (isFull) throw new Error("disk full");
      chunks.push(text);
    },
  });
  const { bus } = loggingBus({ sink });
  bus.publish("a", {});
  await bus.flush();
  isFull = false;
  bus.publish("a", {});
  // The timer keeps nothing alive.
  for (let turn = 0; turn < 1_000 && chunks.length === 0; turn++) await nextTurn();
  assertEquals(chunks.join("").split("\n").length, 3);
  await bus.stop();
});

Deno.test("in chunks, too, one record is one line, and steers no terminal", async () => {
  const chunks: string[] = [];
  const { bus } = loggingBus({ sink: jsonLinesSink({ writeLines: (text) => chunks.push(text) }) });
  bus.publish("a", { text: "what deletes: \x7f" });
  await bus.flush();
  assertEquals(chunks.splice(0).join("").includes("\x7f"), false);
  const hostile = "a\n\r\x00\x1b[2J\x7f\x85\x9b\u2028\u2029\ud800é";
  bus.publish("a", { [hostile]: hostile }, { sessionId: hostile, operationId: hostile });
  await bus.stop();
  const [line = "", ...others] = chunks.join("").split("\n");
  assertEquals(others, [""]);
  // deno-lint-ignore no-control-regex -- these are what it is about
  assertEquals(line.match(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g), null);
  const { attributes, sessionId, operationId } = JSON.parse(line);
  assertEquals([attributes[hostile], sessionId, operationId], [hostile, hostile, hostile]);
});
