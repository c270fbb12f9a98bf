import { mkdir, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fileSink } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { bodiesIn, recordOf } from "../../support/log_files.ts";
import { loggingBus } from "../../support/logging_bus.ts";
import { builtinModules, pretendProcess } from "../../support/pretended_runtime.ts";
import { runModule } from "../../support/processes.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { holdTimers } from "../../support/watched_timers.ts";

// deno-lint-ignore no-explicit-any -- the tests put in some functions of their own
type Files = Record<string, any>;

const real = process.getBuiltinModule("node:fs") as Files;

/** A sink on files of which a test makes some functions. */
function onFiles(directory: string, changed: Files) {
  const logger = new MemoryLogger();
  using _process = pretendProcess(builtinModules({ "node:fs": { ...real, ...changed } }));
  return { sink: fileSink({ directory, logger }), lines: logger.lines };
}

const full = () => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

Deno.test("a full disk is told once; what it has taken in part is taken back, and written when it can", async () => {
  await using folder = await temporaryFolder();
  using timers = holdTimers();
  let isFull = true;
  const { sink, lines } = onFiles(folder.path, {
    // deno-lint-ignore no-explicit-any -- as Node has it
    write(file: number, bytes: Uint8Array, start: number, length: number, at: number, done: any) {
      if (!isFull) return real.write(file, bytes, start, length, at, done);
      if (start > 0) return done(full());
      real.write(file, bytes, start, 10, at, done);
    },
  });
  sink(recordOf("1"));
  await sink.flush?.();
  sink(recordOf("2"));
  await sink.flush?.();
  assertEquals(Object.values(await bodiesIn(folder.path)), [[]]);
  assertEquals([sink.pending, sink.stats().written], [2, 0]);
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0] ?? "", `cannot write to ${folder.path}: no space left on device`);

  isFull = false;
  const retry = timers.waiting.at(-1);
  assertEquals(retry?.delayMs, 1_000);
  retry?.fire();
  await sink.flush?.();
  assertEquals(Object.values(await bodiesIn(folder.path)), [["1", "2"]]);
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[1] ?? "", "again; lines lost meanwhile: 0");
});

Deno.test("beyond a million characters lines are dropped and counted; nothing throws", async () => {
  await using folder = await temporaryFolder();
  const place = `${folder.path}/logs`;
  await writeFile(place, "a file, and no folder");
  using _timers = holdTimers();
  const logger = new MemoryLogger();
  const sink = fileSink({ directory: place, logger });
  const body = "x".repeat(100_000);
  for (let i = 0; i < 12; i++) sink(recordOf(body));
  await sink.flush?.();
  sink.flushSync?.();
  const { written, dropped, pending } = sink.stats();
  assertEquals([written, dropped, pending], [0, 2, 10]);
  assertEquals(logger.lines.length, 1);
  await rm(place);
  await mkdir(place);
  await sink.flush?.();
  assertEquals(sink.stats().written, 10);
  assertEquals(logger.lines.length, 2);
  assertStringIncludes(logger.lines[1] ?? "", "lines lost meanwhile: 2");
});

Deno.test("a disk that hangs holds nobody up but a flush, and its lines are told at the end", async () => {
  await using folder = await temporaryFolder();
  const { sink } = onFiles(folder.path, { mkdir: () => {} });
  const { bus, lines } = loggingBus({ sink });
  bus.publish("a", { i: 1 });
  assertEquals(await bus.flush({ timeoutMs: 20 }), false);
  assertEquals(sink.pending, 1);
  bus.flushSync();
  assertEquals(sink.pending, 0);
  assertEquals(Object.values(await bodiesIn(folder.path)), [["a"]]);
  await bus.stop({ timeoutMs: 20 });
  assert(lines.every((line) => !line.includes("not all log records were written")));
});

Deno.test("what a full disk takes at the end are whole lines, which wait no more", async () => {
  await using folder = await temporaryFolder();
  using _timers = holdTimers();
  let room = 160;
  const { sink, lines } = onFiles(folder.path, {
    // deno-lint-ignore no-explicit-any -- as Node has it
    write: (...args: any[]) => args.at(-1)(full()),
    writeSync(file: number, bytes: Uint8Array, start: number, length: number, at: number) {
      if (room === 0) throw full();
      const count = real.writeSync(file, bytes, start, Math.min(room, length), at);
      room -= count;
      return count;
    },
  });
  for (const body of ["1", "2", "3"]) sink(recordOf(body));
  sink.flushSync?.();
  // A line has about 100 bytes.
  assertEquals([sink.stats().written, sink.pending, lines.length], [1, 2, 1]);
  await sink.flush?.();
  assertEquals(Object.values(await bodiesIn(folder.path)), [["1"]]);
  assertEquals([sink.stats().written, sink.pending], [1, 2]);
  room = Infinity;
  sink.flushSync?.();
  assertEquals(Object.values(await bodiesIn(folder.path)), [["1", "2", "3"]]);
  assertEquals([sink.stats().written, sink.pending], [3, 0]);
});

Deno.test("the end of a process says how many lines the disk has not taken", async () => {
  await using folder = await temporaryFolder();
  const place = `${folder.path}/logs`;
  await writeFile(place, "a file, and no folder");
  const { stderr } = await runModule(`
    import process from "node:process";
    import { fileSink } from "@busbar/busbar/subscribers";
    const sink = fileSink({ directory: ${JSON.stringify(place)} });
    const record = { timestampMs: 0, level: "info", severityNumber: 9, attributes: {} };
    const body = "x".repeat(300_000);
    for (let i = 0; i < 5; i++) {
      sink({ ...record, body, eventType: "a", sessionId: "", operationId: "" });
    }
    process.exit(0);
  `);
  const told = stderr.split("\n").filter((line) => line.includes("cannot write all lines"));
  assertEquals(told.length, 1, stderr);
  assertStringIncludes(told[0] ?? "", "busbar: fileSink cannot write all lines, 3 wait: ");
  assertStringIncludes(told[0] ?? "", "; 2 were dropped before");
});

Deno.test("the end of the process comes in the midst of a write: each line is there once", async () => {
  await using folder = await temporaryFolder();
  const held: (() => void)[] = [];
  const { sink } = onFiles(folder.path, {
    // deno-lint-ignore no-explicit-any -- as Node has it
    write(...args: [...any, any]) {
      const done = args.pop();
      // It is written, and the process hears of it later.
      real.write(...args, (error: Error, count: number) => held.push(() => done(error, count)));
    },
  });
  sink(recordOf("1"));
  const flushed = sink.flush?.();
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  sink(recordOf("2"));
  sink.flushSync?.();
  assertEquals(Object.values(await bodiesIn(folder.path)), [["1", "2"]]);
  for (const go of held.splice(0)) go();
  await flushed;
  assertEquals(Object.values(await bodiesIn(folder.path)), [["1", "2"]]);
  const { written, pending } = sink.stats();
  assertEquals([written, pending], [2, 0]);
});

for (const end of ["", "process.exit(0);", "queueMicrotask(() => process.exit(0));"]) {
  Deno.test(`no line is lost at an end by ${JSON.stringify(end)}, nor is one written twice`, async () => {
    await using folder = await temporaryFolder();
    const { code, stderr } = await runModule(`
      import process from "node:process";
      import { fileSink } from "@busbar/busbar/subscribers";
      const sink = fileSink({ directory: ${JSON.stringify(folder.path)}, maxFileBytes: 50_000 });
      const record = { timestampMs: 0, level: "info", severityNumber: 9, attributes: {} };
      for (let i = 0; i < 3_000; i++) {
        sink({ ...record, body: String(i), eventType: "a", sessionId: "", operationId: "" });
        if (i % 100 === 0) await Promise.resolve();
        if (i === 1_500) await new Promise((resolve) => setTimeout(resolve, 0));
      }
      ${end}
    `);
    assertEquals([code, stderr], [0, ""]);
    const bodies = Object.values(await bodiesIn(folder.path)).flat();
    assertEquals(bodies, Array.from({ length: 3_000 }, (_, i) => `${i}`));
  });
}
