import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { type KvCacheEvents, registerKvCache } from "@busbar/busbar/kv-cache";
import { MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "../support/quiet_bus.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { holdTimers } from "../support/watched_timers.ts";

const lookup = {
  requestId: "r1",
  chunkHashes: ["00ff", 255, "0xab", "a chunk\u2028"],
  modelName: "llama",
  chunkSize: 256,
  seqLen: 600,
  dtypes: ["bfloat16"],
  shapes: [[2, 32]],
};

function register(bus: EventBus<KvCacheEvents>, lookupHashLog: object) {
  return registerKvCache(bus, { lookupHashLog: lookupHashLog as { directory: string } });
}

Deno.test("a lookup is a line under LMCache's names, in a file under its name", async () => {
  await using folder = await temporaryFolder();
  const bus = new EventBus<KvCacheEvents>({ drainBudgetMs: ONE_SLICE_MS }).start();
  assertEquals(bus.hasSubscribers("mp.lookup"), false);
  register(bus, { directory: folder.path });
  assert(bus.hasSubscribers("mp.lookup"));
  bus.publish("mp.lookup", lookup, { timestamp: 1_700_000_000_500 });
  await bus.flush();
  bus.publish("mp.lookup", { ...lookup, requestId: "r2" });
  await bus.stop();
  const names = await readdir(folder.path);
  assertEquals(names.length, 1);
  assert(/^lookup_hashes_\d{8}_\d{6}_\d{6}\.jsonl$/.test(names[0] as string), names[0]);
  const text = await readFile(`${folder.path}/${names[0]}`, "utf8");
  assert(!text.includes("\u2028"));
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines[0], {
    timestamp: 1_700_000_000.5,
    request_id: "r1",
    model_name: "llama",
    chunk_size: 256,
    seq_len: 600,
    dtypes: ["bfloat16"],
    shapes: [[2, 32]],
    chunk_hashes: ["0x00ff", "0xff", "0xab", "a chunk\u2028"],
  });
  assertEquals(lines[1].request_id, "r2");
});

Deno.test("its files rotate and are limited", async () => {
  await using folder = await temporaryFolder();
  await using bus = new EventBus<KvCacheEvents>({ drainBudgetMs: ONE_SLICE_MS }).start();
  register(bus, { directory: folder.path, maxFileBytes: 1, maxFiles: 2 });
  for (let i = 0; i < 5; i++) bus.publish("mp.lookup", { ...lookup, requestId: `r${i}` });
  await bus.flush();
  const ids = [];
  for (const name of (await readdir(folder.path)).sort()) {
    ids.push(JSON.parse(await readFile(`${folder.path}/${name}`, "utf8")).request_id);
  }
  assertEquals(ids, ["r3", "r4"]);
});

Deno.test("a lookup that is none is counted, and the process's end writes what waits", async () => {
  await using folder = await temporaryFolder();
  await using bus = new EventBus<KvCacheEvents>({
    drainBudgetMs: ONE_SLICE_MS,
    logger: { warn: () => {} },
  }).start();
  register(bus, { directory: folder.path });
  bus.publish("mp.lookup", {} as typeof lookup);
  bus.publish("mp.lookup", lookup);
  bus.flushSync();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LookupHashLog: 1 });
  const [name = ""] = await readdir(folder.path);
  assertEquals((await readFile(`${folder.path}/${name}`, "utf8")).split("\n").length, 2);
});

Deno.test("a lookup that finds no room, for the disk takes none, is counted", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/a file`;
  await writeFile(file, "");
  await using bus = new EventBus<KvCacheEvents>({
    drainBudgetMs: ONE_SLICE_MS,
    logger: { warn: () => {} },
  }).start();
  registerKvCache(bus, { lookupHashLog: { directory: file }, logger: { warn: () => {} } });
  const long = { ...lookup, chunkHashes: ["a".repeat(300_000)] };
  for (let i = 0; i < 5; i++) bus.publish("mp.lookup", long);
  await bus.flush();
  // A million characters wait.
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LookupHashLog: 2 });
  await rm(file);
  await mkdir(file, { recursive: true });
  await bus.flush();
  const [name = ""] = await readdir(file);
  assertEquals((await readFile(`${file}/${name}`, "utf8")).trimEnd().split("\n").length, 3);
});

Deno.test("an option that is none is refused by name", () => {
  const bus = new EventBus<KvCacheEvents>();
  assertThrows(() => register(bus, { directory: "/tmp", prefix: "a" }), TypeError, '"prefix"');
  assertThrows(() => register(bus, { directory: "" }), TypeError, "directory must be");
});

Deno.test("lookups that a broken disk has not taken at a stop are told and counted, and still tried", async () => {
  await using folder = await temporaryFolder();
  using timers = holdTimers();
  const file = `${folder.path}/a file`;
  await writeFile(file, "");
  const logger = new MemoryLogger();
  const bus = new EventBus<KvCacheEvents>({ drainBudgetMs: ONE_SLICE_MS, logger }).start();
  registerKvCache(bus, { lookupHashLog: { directory: file }, logger: { warn: () => {} } });
  for (let i = 0; i < 2; i++) bus.publish("mp.lookup", lookup);
  const { failures } = await bus.stop();
  assertEquals(failures, 1);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { LookupHashLog: 1 });
  const wait = "the disk has not taken lookups, which wait to the end of the process: 2";
  assert(logger.lines.some((line) => line.includes(wait)), logger.lines.join("\n"));
  await rm(file);
  await mkdir(file, { recursive: true });
  // The disk is tried again each second.
  for (const { delayMs, fire } of [...timers.waiting]) if (delayMs === 1_000) fire();
  let names: string[] = [];
  while (names.length === 0) names = await readdir(file);
  let text = "";
  while (!text.endsWith("}\n")) text = await readFile(`${file}/${names[0]}`, "utf8");
  assertEquals(text.trimEnd().split("\n").length, 2);
});
