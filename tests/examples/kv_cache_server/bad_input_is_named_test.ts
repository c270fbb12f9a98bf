import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FAULTS } from "../../../examples/kv_cache_server/faults.ts";
import { parseOptions, UsageError } from "../../../examples/kv_cache_server/terminal/options.ts";
import { replay } from "../../../examples/kv_cache_server/requests/replay.ts";
import { readTrace, TraceError } from "../../../examples/kv_cache_server/requests/trace.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const SPEED = "a number from 0.001 to 1000000, or max";
const PATH = "a path";

/** What each flag must be, and values that it is not. */
const FLAGS: Record<string, [must: string, ...values: string[]]> = {
  "trace": [PATH, ""],
  "requests": [
    `an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
    "",
    "-1",
    "1.5",
    "1e3",
    "9".repeat(20),
  ],
  "l1-chunks": ["an integer from 1 to 16000000", "0", "-1", "16000001", "x"],
  "l2-chunks": ["an integer from 1 to 16000000", "0", "99999999999999999999"],
  "l2-dir": [PATH, ""],
  "port": ["an integer from 0 to 65535", "-1", "65536", "0x50", " 1"],
  "speed": [SPEED, "", "0", "-1", "1e-300", "1e999", "Infinity", "NaN", "0x10", " 1", "MAX"],
  "seed": ["an integer from 0 to 4294967295", "-1", "4294967296"],
  "models": ["an integer from 1 to 1000", "0", "1001"],
  "tenants": ["an integer from 1 to 1000000", "0", "1000001"],
  "devices": ["an integer from 1 to 1000", "0", "1001"],
  "workers": ["an integer from 1 to 1000", "0", "1001"],
  "ranks": ["an integer from 1 to 64", "0", "65"],
  "threads": ["an integer from 1 to 64", "0", "65"],
  "fault": [`one of ${FAULTS.join(", ")}`, "", "fire"],
  "sample-ratio": ["a number from 0 to 1", "", "-0.1", "1.1", "NaN", "."],
  "lookup-hash-log-dir": [PATH, ""],
  "log-level": ["one of debug, info, warn, error", "", "loud"],
};

for (const [name, [must, ...values]] of Object.entries(FLAGS)) {
  Deno.test(`--${name} says what it must be, and what it has received`, () => {
    for (const value of values) {
      const { message } = assertThrows(() => parseOptions([`--${name}=${value}`]), UsageError);
      assertEquals(message, `--${name}: must be ${must}, received ${JSON.stringify(value)}`);
    }
  });
}

Deno.test("a negative number is a value, a flag without one is named, and so is one given twice", () => {
  const messageOf = (...args: string[]) =>
    assertThrows(() => parseOptions(args), UsageError).message;
  assertEquals(
    messageOf("--port", "-1"),
    '--port: must be an integer from 0 to 65535, received "-1"',
  );
  assert(messageOf("--port").includes("--port"));
  assert(messageOf("--nonsense").includes("--nonsense"));
  assertEquals(
    messageOf("--port", "1", "--port", "2"),
    '--port: must be given once, received "1", "2"',
  );
  assert(messageOf("--once").startsWith("--once: the built-in workload is endless"));
  assert(messageOf("--threads", "2", "--trace", "-").startsWith("--threads: each reads the trace"));
});

Deno.test("what others wrote is cleaned and cut before it is shown", () => {
  const { message } = assertThrows(() => parseOptions([`--port=\x1b[2J\x9b${"x".repeat(500)}`]));
  assertEquals(
    message,
    `--port: must be an integer from 0 to 65535, received "\\u001b[2J\\u009b${"x".repeat(69)}…`,
  );
  const { message: unknown } = assertThrows(() => parseOptions([`--\x1b[2J${"x".repeat(5_000)}`]));
  assert(!/\p{Cc}/u.test(unknown) && unknown.length <= 500, unknown);
});

Deno.test("flags that fit are taken as they are", () => {
  const { port, speed, lifecycleSampleRatio, faults } = parseOptions([
    ...["--port", "0", "--speed", "2.5e-1", "--sample-ratio", ".5"],
    ...["--fault", "l1-oom", "--fault", "l2-slow"],
  ]);
  assertEquals([port, speed, lifecycleSampleRatio, faults], [0, 0.25, 0.5, ["l1-oom", "l2-slow"]]);
  assertEquals(parseOptions(["--speed", "max"]).speed, Infinity);
});

const TIMESTAMP = `timestamp must be a number from 0 to ${Number.MAX_SAFE_INTEGER}`;
const ID = `must be an integer of at most ${Number.MAX_SAFE_INTEGER} either way`;
const LINES: Record<string, string> = {
  '{"timestamp":1e999,"hash_ids":[]}': `${TIMESTAMP}, received Infinity`,
  '{"timestamp":-1,"hash_ids":[]}': `${TIMESTAMP}, received -1`,
  '{"timestamp":1e300,"hash_ids":[]}': `${TIMESTAMP}, received 1e+300`,
  '{"timestamp":"1","hash_ids":[]}': `${TIMESTAMP}, received "1"`,
  '{"timestamp":null,"hash_ids":[]}': `${TIMESTAMP}, received null`,
  '{"hash_ids":[]}': `${TIMESTAMP}, received undefined`,
  '{"timestamp":0}': "hash_ids must be an array of integers, received undefined",
  '{"timestamp":0,"hash_ids":{"0":1}}': 'hash_ids must be an array of integers, received {"0":1}',
  '{"timestamp":0,"hash_ids":[1,1.5]}': `hash_ids[1] ${ID}, received 1.5`,
  '{"timestamp":0,"hash_ids":["1"]}': `hash_ids[0] ${ID}, received "1"`,
  '{"timestamp":0,"hash_ids":[9007199254740993]}': `hash_ids[0] ${ID}, received 9007199254740992`,
  "[]": "it must be a JSON object, received []",
  "7": "it must be a JSON object, received 7",
  "null": "it must be a JSON object, received null",
  "{nonsense\x1b[2J": 'it must be JSON, received "{nonsense\\u001b[2J"',
};

Deno.test("a line of the trace that is no request is named by its number, field, rule and value", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/trace.jsonl`;
  for (const [line, why] of Object.entries(LINES)) {
    await Deno.writeTextFile(path, `{"timestamp":0,"hash_ids":[1]}\n\n${line}\n`);
    const read: number[] = [];
    const { message } = await assertRejects(async () => {
      for await (const { chunkIds } of readTrace(path)) read.push(...chunkIds);
    }, TraceError);
    assertEquals([message, read], [`Cannot read trace ${path}: line 3: ${why}`, [1]]);
  }
});

Deno.test("a long wait is told; times count from the first request", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/trace.jsonl`;
  const at = (timestamp: number) => JSON.stringify({ timestamp, hash_ids: [1] });
  await Deno.writeTextFile(path, [at(1e12), at(1e12), at(1e12 + 3_600_000)].join("\n"));
  const controller = new AbortController();
  let handled = 0;
  const said: string[] = [];
  const options = parseOptions(["--trace", path, "--speed", "0.001"]);
  const handle = () => Promise.resolve(void handled++);
  await replay(options, controller.signal, handle, (text) => {
    said.push(text);
    controller.abort();
  });
  assertEquals(handled, 2);
  assertEquals(said, [
    "The next request comes in 3,600,000 s; a higher --speed brings it sooner.",
  ]);
});
