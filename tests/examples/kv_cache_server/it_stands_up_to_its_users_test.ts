import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Client } from "../../../examples/kv_cache_server/cache/client.ts";
import { LruMap } from "../../../examples/kv_cache_server/cache/lru_map.ts";
import { Summary } from "../../../examples/kv_cache_server/terminal/summary.ts";
import {
  MAX_LINE_LENGTH,
  readTrace,
  TraceError,
} from "../../../examples/kv_cache_server/requests/trace.ts";
import { openCache, totals } from "../../support/kv_cache_server.ts";
import { run, start } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const commandLine = (...args: string[]) => [
  "run",
  "--quiet",
  ...FLAGS,
  MAIN,
  "--port",
  "0",
  ...args,
];

const client: Client = { modelName: "m", cacheSalt: "", engineId: "e", device: "cpu" };

Deno.test("half a million equal ids cost no more than as many different ones", () => {
  const COUNT = 500_000;
  const timeOf = (idOf: (i: number) => number, limitMs = Infinity): number => {
    const chunks = new LruMap<number, object>(20_000);
    for (let i = 0; i < 20_000; i++) chunks.add(-1 - i, {});
    const startedAt = performance.now();
    for (let i = 0; i < COUNT; i++) {
      const id = idOf(i);
      if (chunks.touch(id) === undefined) chunks.add(id, {});
      if (i % 1_000 === 0 && performance.now() - startedAt > limitMs) return Infinity;
    }
    return performance.now() - startedAt;
  };
  const different = timeOf((i) => i);
  // It takes a tenth; a map that walks over what has moved takes a hundred times as long.
  const limitMs = 20 * different + 1_000;
  assert(timeOf(() => 1, limitMs) < limitMs);
});

Deno.test("the map keeps the order of use, whatever is touched, added and removed", () => {
  const chunks = new LruMap<string, { name: string }>(2);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => ({ name }));
  assert(a && b && c && d);
  assertEquals([chunks.add("a", a), chunks.add("b", b)], [undefined, undefined]);
  assertEquals(chunks.touch("a"), a);
  assertEquals(chunks.add("c", c), b);
  chunks.remove("a", c); // another one's
  assertEquals([chunks.size, chunks.peek("a")], [2, a]);
  chunks.remove("a", a);
  assertEquals([chunks.size, chunks.touch("a")], [1, undefined]);
  assertEquals([chunks.add("d", d), chunks.add("a", a)], [undefined, c]);
});

Deno.test("a line that does not end is refused, also where the file does not end either", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/trace.jsonl`;
  const line = (length: number) => `{"timestamp":0,"hash_ids":[1]${" ".repeat(length - 30)}}`;
  const read = async (path: string) => {
    for await (const _ of readTrace(path)) { /* all of it */ }
  };
  await Deno.writeTextFile(path, `${line(MAX_LINE_LENGTH)}\n${line(MAX_LINE_LENGTH + 70_000)}`);
  const error = await assertRejects(() => read(path), TraceError);
  assertEquals(
    error.message,
    `Cannot read trace ${path}: line 2 is longer than 1048576 characters`,
  );
  if (Deno.build.os === "windows") return;
  const zero = await assertRejects(() => read("/dev/zero"), TraceError);
  assertStringIncludes(zero.message, "line 1 is longer than 1048576 characters");
});

Deno.test("--trace - reads the standard input, and nothing is drawn in a pipe", async () => {
  const args = commandLine("--trace", "-", "--once", "--speed", "max");
  const input = [[1, 2], [1, 2, 3]].map((ids) => JSON.stringify({ timestamp: 0, hash_ids: ids }));
  const { code, stdout, stderr } = await run(Deno.execPath(), args, { input: input.join("\n") });
  assertEquals(code, 0, stderr);
  const found = samples(stdout);
  assertEquals(found['kv_cache_lookup_chunks_total{result="l1"}'], 2);
  assertEquals(found['kv_cache_lookup_chunks_total{result="miss"}'], 3);
  assert(!stderr.includes("\x1b"), stderr);
});

for (
  const [fault, why] of [
    ["l2-full", "database or disk is full"],
    ["l2-readonly", "attempt to write a readonly database"],
    ["l2-gone", "database is not open"],
  ] as const
) {
  Deno.test(`${fault}: it is told once, and the rest goes on`, async () => {
    await using server = await openCache({ l1: 20, l2: 400, faults: [fault] });
    for (let i = 0; i < 60; i++) {
      const ids = Array.from({ length: 20 }, (_, j) => 20 * i + j);
      await server.inSession(`a${i}`).handle(ids, client);
    }
    // What is in L1 is served as before.
    assertEquals((await server.inSession("b").handle([1_180, 1_199], client)).l1Hits, 2);
    // What has been on the disk may be gone, but it can be asked for.
    await server.inSession("c").handle([0, 1], client);
    const found = await server.scrape();
    assertEquals(server.reported.length, 1);
    assertStringIncludes(server.reported.join(), why);
    const { total } = totals(
      found,
      "lmcache_mp_l2_store_failed_objects_chunks_total",
      "l2_name",
    );
    assert(total > 0, "the metrics show it");
    assertEquals(found['lmcache_mp_num_finished_stores_total{device="cpu"}'], 61);
    assertEquals(server.bus.stats().pending, 0);
  });
}

Deno.test("a POST that is never finished holds up no stop", async () => {
  await using child = start(Deno.execPath(), commandLine("--requests", "0"));
  const [, port] = await child.printed(/127\.0\.0\.1:(\d+)\/metrics/, "stderr");
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const request = [
    "POST /v1/store HTTP/1.1",
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    "content-length: 100",
    "",
    '{"chunks":',
  ];
  await connection.write(new TextEncoder().encode(request.join("\r\n")));
  // It has arrived when a request that came after it is answered.
  await (await fetch(`http://127.0.0.1:${port}/metrics`)).body?.cancel();
  const askedAt = performance.now();
  child.kill("SIGTERM");
  const { code, stderr } = await child.ended;
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /events dropped +0\n/);
  // It gives up after 2 s; a busy machine takes a little longer.
  assert(performance.now() - askedAt < 15_000);
});

Deno.test("SIGTERM ends it while it waits for more of the standard input", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: commandLine("--trace", "-"),
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let stderr = "";
  let isAsked = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    if (isAsked || !stderr.includes("Ctrl-C ends")) continue;
    isAsked = true;
    child.kill("SIGTERM");
  }
  assertEquals((await child.status).code, 0, stderr);
  assertMatch(stderr, /requests +0 /);
  await child.stdin.close().catch(() => {}); // it was open all the time
});

Deno.test("the line on a terminal shows rates, hit rates by tier, the lag and the losses", async () => {
  await using server = await openCache();
  const summary = new Summary(server.bus);
  await server.inSession("a").handle([1, 2, 3], client);
  await server.inSession("b").handle([1, 2, 9], client);
  await server.published();
  assertMatch(
    summary.line(),
    /^2 served, [\d,]+\/s \| L1 33\.3 % L2 0\.0 % \| [\d,]+ ev\/s \| lag 0 ms \| lost 0$/,
  );
  assertMatch(summary.table(), /found in L1 +2 +33\.3 %\n +found in L2 +0 +0\.0 %/);
});
