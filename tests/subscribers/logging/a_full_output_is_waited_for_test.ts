import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LineBuffer } from "../../../src/subscribers/logging/line_buffer.ts";
import { ByteOutput, type LineOutput } from "../../../src/subscribers/logging/line_output.ts";
import { capturedWarnings } from "../../support/captured_warnings.ts";
import { steeredTime } from "../../support/steered_time.ts";
import { holdTimers } from "../../support/watched_timers.ts";

/** An output that takes lines in as many attempts as it says, and what it was given. */
function slowOutput(attempts: number): { output: LineOutput; given: string[] } {
  const given: string[] = [];
  let left = 0;
  return {
    given,
    output: {
      get left() {
        return Math.min(left, 1);
      },
      get leftLines() {
        return Math.min(left, 1);
      },
      discard: () => void (left = 0),
      write: (lines) => {
        given.push(lines);
        if (lines !== "") left = attempts;
        return --left === 0;
      },
    },
  };
}

/** What an output says that takes all of its lines, or none. */
const NOTHING_LEFT = { left: 0, leftLines: 0, discard() {} };

function lineBuffer(output: LineOutput): LineBuffer {
  const droppedLine = (dropped: number) => `dropped ${dropped}`;
  return new LineBuffer(output, { name: "lines", logger: console, droppedLine });
}

Deno.test("at the end of a process a full output is waited for", () => {
  using _timers = holdTimers(10);
  const { output, given } = slowOutput(4);
  const buffer = lineBuffer(output);
  buffer.add("a", false);
  buffer.flushSync();
  assertEquals([given, buffer.lines], [["a\n", "", "", ""], 0]);
});

Deno.test("but not for ever", () => {
  using _timers = holdTimers(10);
  // Each look at the clock takes as long.
  using _time = steeredTime({ msPerLook: 600 });
  let tries = 0;
  let isFull = true;
  const buffer = lineBuffer({
    get left() {
      return Math.min(tries, Number(isFull));
    },
    get leftLines() {
      return this.left;
    },
    discard() {},
    write: () => (tries++, !isFull),
  });
  buffer.add("a", false);
  assertThrows(
    () => buffer.flushSync(),
    Error,
    "lines cannot write all lines, 1 wait: the output is full",
  );
  assert(tries >= 2, "it was not tried again");
  isFull = false;
  buffer.flushSync();
  assertEquals(buffer.lines, 0);
});

Deno.test("a flush waits for it too, and says what it failed with", async () => {
  const { output, given } = slowOutput(3);
  const buffer = lineBuffer(output);
  buffer.add("a", true);
  // The flush's own timer keeps nothing alive.
  const keepAlive = setInterval(() => {}, 1_000);
  await buffer.flush();
  clearInterval(keepAlive);
  assertEquals([given, buffer.lines], [["a\n", "", ""], 0]);

  using _warnings = capturedWarnings();
  using timers = holdTimers(10);
  let isBroken = true;
  const failing = lineBuffer({
    ...NOTHING_LEFT,
    write: () => {
      if (isBroken) throw new Error("disk full");
      return true;
    },
  });
  failing.add("a", false);
  await assertRejects(
    () => failing.flush(),
    Error,
    "lines cannot write all lines, 1 wait: disk full",
  );
  isBroken = false;
  while (timers.waiting.length > 0) timers.waiting[0]?.fire();
  assertEquals(failing.lines, 0);
});

Deno.test("a full output is tried again soon and again, a broken one after a second", async () => {
  using _warnings = capturedWarnings();
  using timers = holdTimers(1);
  const { output, given } = slowOutput(4);
  const slow = lineBuffer(output);
  slow.add("a", true);
  for (let tries = 2; tries <= 4; tries++) {
    await null;
    assertEquals(timers.waiting.map(({ delayMs }) => delayMs), [2 ** (tries - 2)]);
    timers.waiting[0]?.fire();
    assertEquals([given.length, slow.lines], [tries, tries < 4 ? 1 : 0]);
  }
  await null;
  assertEquals(timers.waiting.length, 0);

  let isBroken = true;
  const broken = lineBuffer({
    ...NOTHING_LEFT,
    write: () => {
      if (isBroken) throw new Error("disk full");
      return true;
    },
  });
  broken.add("a", true);
  await null;
  assertEquals(timers.waiting.map(({ delayMs }) => delayMs), [1_000]);
  isBroken = false;
  timers.waiting[0]?.fire();
  assertEquals([broken.lines, timers.waiting.length], [0, 0]);
});

Deno.test("what waits for a broken output is no longer than a million characters", async () => {
  using warnings = capturedWarnings();
  using timers = holdTimers(10);
  let isBroken = true;
  let written = 0;
  let last = "";
  const buffer = lineBuffer({
    ...NOTHING_LEFT,
    write: (lines) => {
      if (isBroken) throw new Error("disk full");
      written += lines.length;
      last = lines;
      return true;
    },
  });
  const line = "x".repeat(300_000);
  for (let i = 0; i < 5; i++) buffer.add(line, false);
  assertEquals([buffer.lines, buffer.dropped], [3, 2]);
  // What tells of trouble is dropped last, but not kept without end either.
  for (let i = 0; i < 5; i++) buffer.add(line, true);
  assertEquals([buffer.lines, buffer.dropped], [4, 6]);
  await assertRejects(
    () => buffer.flush(),
    Error,
    "lines cannot write all lines, 4 wait: disk full; 6 were dropped before",
  );
  isBroken = false;
  await null;
  while (timers.waiting.length > 0) timers.waiting[0]?.fire();
  assertEquals([written, last], [1_200_004 + "dropped 6\n".length, "dropped 6\n"]);
  assertEquals([buffer.lines, warnings.lines.length], [0, 2]);
  assertStringIncludes(
    warnings.lines[1] ?? "",
    "lines drops lines, 1 so far, for 1 MiB waits: disk full",
  );
});

Deno.test("an output that fails on the first byte of new lines says what with, and has none of them", () => {
  const answers: (number | Error)[] = [new Error("no space"), 1, new Error("no space"), 1];
  const taken: number[] = [];
  const output = new ByteOutput((bytes, start) => {
    const answer = answers.shift() ?? 0;
    if (typeof answer !== "number") throw answer;
    taken.push(...bytes.subarray(start, start + answer));
    return answer;
  });
  assertThrows(() => output.write("ab"), Error, "no space");
  // With a part of them out, the rest is its business.
  assertEquals(output.write("ab"), false);
  assertEquals(output.write(""), true);
  assertEquals(new TextDecoder().decode(new Uint8Array(taken)), "ab");
});

Deno.test("lines that a full output has taken whole wait no more; what nobody reads then is the rest", async () => {
  using warnings = capturedWarnings();
  using timers = holdTimers(1);
  const answers: (number | Error)[] = [6, 0, Object.assign(new Error("gone"), { code: "EPIPE" })];
  const output = new ByteOutput(() => {
    const answer = answers.shift() ?? 0;
    if (typeof answer !== "number") throw answer;
    return answer;
  });
  const buffer = lineBuffer(output);
  for (const line of ["a", "b", "c"]) buffer.add(line, false);
  buffer.add("d", true);
  // Of "a\nb\nc\nd\n", three are out.
  assertEquals([buffer.lines, buffer.dropped], [1, 0]);
  buffer.add("e", true);
  assertEquals([buffer.lines, buffer.dropped], [2, 0]);
  await null;
  timers.waiting[0]?.fire();
  assertEquals([buffer.lines, buffer.dropped, warnings.lines.length], [0, 2, 1]);
});

Deno.test("a line that tells of losses, and that nobody reads, is no loss itself", async () => {
  using _warnings = capturedWarnings();
  using timers = holdTimers(1);
  let room = 0;
  const given: string[] = [];
  const gone = Object.assign(new Error("gone"), { code: "EPIPE" });
  const output = new ByteOutput((bytes, start, end) => {
    if (room < 0) throw gone;
    const count = Math.min(room, end - start);
    room -= count;
    given.push(new TextDecoder().decode(bytes.subarray(start, start + count)));
    return count;
  });
  const buffer = lineBuffer(output);
  const line = "x".repeat(600_000);
  buffer.add(line, true);
  buffer.add(line, false);
  buffer.add(line, false);
  assertEquals([buffer.lines, buffer.dropped], [1, 2]);
  // All but the end of what tells of it.
  room = 600_001 + "dropped 2".length;
  await null;
  timers.waiting[0]?.fire();
  assertEquals([buffer.lines, buffer.dropped, given.at(-2)], [0, 2, "dropped 2"]);
  room = -1;
  await null;
  timers.waiting[0]?.fire();
  assertEquals([buffer.lines, buffer.dropped], [0, 2]);
  room = 100;
  buffer.add("y", true);
  assertEquals(given.slice(-2), ["y\n", "dropped 2\n"]);
});
