import { mkdir, readdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { platform } from "node:process";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fileSink } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { bodiesIn, recordOf } from "../../support/log_files.ts";
import { loggingBus } from "../../support/logging_bus.ts";
import { pretendProcess } from "../../support/pretended_runtime.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const T0 = Date.UTC(2026, 0, 31, 23, 59, 58);

function files(directory: string, options: Partial<Parameters<typeof fileSink>[0]> = {}) {
  const clock = new ManualClock(T0);
  const logger = new MemoryLogger();
  const sink = fileSink({ directory, prefix: "shop", clock: clock.now, logger, ...options });
  return {
    clock,
    sink,
    lines: logger.lines,
    /** Each is written before the next one comes. */
    async write(...bodies: string[]) {
      for (const body of bodies) {
        sink(recordOf(body));
        await sink.flush?.();
      }
    },
  };
}

Deno.test("records become lines of a file that is named after its time and is its owner's alone", async () => {
  await using folder = await temporaryFolder();
  const { bus } = loggingBus({ sink: files(`${folder.path}/deep/er`).sink });
  for (const i of [1, 2, 3]) bus.publish("a", { i, text: "\u007f\u2028é" });
  await bus.stop();
  const name = "shop_20260131_235958_000000.jsonl";
  assertEquals(await bodiesIn(`${folder.path}/deep/er`), { [name]: ["a", "a", "a"] });
  if (platform !== "win32") {
    assertEquals((await stat(`${folder.path}/deep/er/${name}`)).mode & 0o777, 0o600);
  }
});

Deno.test("a file that has its bytes takes no further line; as many files are kept as may be", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["shop_20250101_000000_000000.jsonl", "shop_20250101_000000_000001.jsonl"]) {
    await writeFile(`${folder.path}/${name}`, "");
  }
  const others = [
    "shop.jsonl",
    "shop_20250101_000000_000000.jsonl.gz",
    "bar_20250101_000000_000000.jsonl",
  ];
  for (const name of others) await writeFile(`${folder.path}/${name}`, "");
  const { write, clock, sink } = files(folder.path, { maxFileBytes: 250, maxFiles: 3 });
  // A line has between 125 and 250 bytes.
  for (const body of ["1", "2", "3"]) {
    await write(body.padEnd(60), body);
    clock.advance(1_000);
  }
  const found = await bodiesIn(folder.path);
  for (const name of others) delete found[name];
  assertEquals(Object.keys(found), [
    "shop_20260131_235958_000000.jsonl",
    "shop_20260131_235959_000000.jsonl",
    "shop_20260201_000000_000000.jsonl",
  ]);
  assertEquals(Object.values(found).map((bodies) => bodies.map((body) => body.trim())), [
    ["1", "1"],
    ["2", "2"],
    ["3", "3"],
  ]);
  assertEquals((await readdir(folder.path)).length, 3 + others.length);
  assertEquals([sink.stats().files, sink.stats().written], [3, 6]);
});

Deno.test("many lines at once go to as many files as they need", async () => {
  await using folder = await temporaryFolder();
  const { sink } = files(folder.path, { maxFileBytes: 1 });
  const bodies = Array.from({ length: 5 }, (_, i) => `${i}`);
  for (const body of bodies) sink(recordOf(body));
  await sink.flush?.();
  const found = await bodiesIn(folder.path);
  assertEquals(Object.values(found), bodies.map((body) => [body]));
  // Names that are taken: a microsecond later.
  assertEquals(Object.keys(found)[4], "shop_20260131_235958_000004.jsonl");
});

Deno.test("the order of files is that of their lines, whatever the clock says, and what was deleted", async () => {
  await using folder = await temporaryFolder();
  const { sink, clock } = files(folder.path, { maxFileBytes: 1, maxFiles: 3 });
  for (const [i, step] of [0, 0, 1, 0, -5_000, 0, 0.5, 0].entries()) {
    clock.advance(step);
    sink(recordOf(`${i}`));
    await sink.flush?.();
  }
  assertEquals(Object.values(await bodiesIn(folder.path)).flat(), ["5", "6", "7"]);
});

Deno.test("a file that is old takes no further line", async () => {
  await using folder = await temporaryFolder();
  const { write, clock } = files(folder.path, { maxFileAgeMs: 2_000 });
  await write("1");
  clock.advance(2_000);
  await write("2");
  clock.advance(1);
  await write("3");
  assertEquals(Object.values(await bodiesIn(folder.path)), [["1", "2"], ["3"]]);
});

Deno.test("what is removed or moved away is counted and told, and lines go on in a new file", async () => {
  await using folder = await temporaryFolder();
  const { write, clock, sink, lines } = files(folder.path);
  const begin = async (body: string) => {
    clock.advance(1_000);
    await write(body);
    return (await readdir(folder.path)).sort().at(-1) as string;
  };
  const first = await begin("1");
  await rm(`${folder.path}/${first}`);
  const second = await begin("2");
  await rename(`${folder.path}/${second}`, `${folder.path}/moved.jsonl`);
  // Another one of the same name is not the same.
  await writeFile(`${folder.path}/${second}`, "");
  await begin("3");
  assertEquals(Object.values(await bodiesIn(folder.path)), [["2"], [], ["3"]]);
  assertEquals(sink.stats().removedFiles, 2);
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0] ?? "", `1 so far, the last one ${folder.path}/${first}`);
});

Deno.test("in a file that somebody has cut, as logrotate's copytruncate does, lines go on at its end", async () => {
  await using folder = await temporaryFolder();
  const { write, sink } = files(folder.path);
  await write("1", "2");
  const [name = ""] = await readdir(folder.path);
  await truncate(`${folder.path}/${name}`);
  await write("3");
  assertEquals(await bodiesIn(folder.path), { [name]: ["3"] });
  await truncate(`${folder.path}/${name}`);
  sink(recordOf("4"));
  sink.flushSync?.();
  assertEquals(await bodiesIn(folder.path), { [name]: ["4"] });
});

Deno.test("an old file that cannot be deleted is counted and told, and keeps no line back", async () => {
  await using folder = await temporaryFolder();
  await mkdir(`${folder.path}/shop_20250101_000000_000000.jsonl/x`, { recursive: true });
  const { sink, lines } = files(folder.path, { maxFiles: 1 });
  sink(recordOf("1"));
  await sink.flush?.();
  assertEquals(sink.stats().failedDeletes, 1);
  assertEquals(sink.stats().written, 1);
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0] ?? "", "old files cannot be deleted: 1 attempts so far");
});

Deno.test("options out of range, and a runtime without files, are refused by name", () => {
  const refused = (options: object, message: string, error = TypeError) =>
    assertThrows(() => fileSink({ directory: "/tmp", ...options }), error, message);
  refused({ directory: "" }, "directory must be the path of a directory");
  refused({ prefix: "a/b" }, "prefix must be");
  refused({ maxFileBytes: 0 }, "maxFileBytes must be", RangeError);
  refused({ maxFileAgeMs: 0 }, "maxFileAgeMs must be", RangeError);
  refused({ maxFiles: 1.5 }, "maxFiles must be", RangeError);
  refused({ clock: 1 }, "clock must be a function");
  refused({ path: "x" }, 'there is no option "path"');
  using _process = pretendProcess({});
  refused({}, "Cannot create fileSink: this runtime has no files");
});

Deno.test("nothing is touched before there is a line", async () => {
  await using folder = await temporaryFolder();
  const { sink } = files(`${folder.path}/none`);
  await sink.flush?.();
  sink.flushSync?.();
  assertEquals(await readdir(folder.path), []);
  assert(sink.pending === 0);
});
