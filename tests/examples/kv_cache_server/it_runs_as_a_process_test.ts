import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { totals } from "../../support/kv_cache_server.ts";
import { serve } from "../../support/loopback.ts";
import { run as runProgram, start } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];

const commandLine = (args: string[]) => ["run", "--quiet", ...FLAGS, MAIN, ...args];

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { code, stdout, stderr } = await runProgram(Deno.execPath(), commandLine(args));
  return { code, out: stdout, err: stderr };
}

async function traceFile(lines: string[]): Promise<AsyncDisposable & { path: string }> {
  const folder = await temporaryFolder();
  const path = `${folder.path}/trace.jsonl`;
  await Deno.writeTextFile(path, lines.join("\n"));
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

const line = (...ids: number[]) => JSON.stringify({ timestamp: 0, hash_ids: ids });

Deno.test("a small trace gives the numbers worked out by hand", async () => {
  // L1 holds 2 chunks, L2 holds 3.
  //   1 2     both miss; stored.                          L1 1 2   L2 1 2
  //   1 2 3   1 and 2 in L1; 3 misses, L1 evicts 1.       L1 2 3   L2 1 2 3
  //   1       in L2, promoted; L1 evicts 2.               L1 3 1   L2 2 3 1
  //   4 3     4 misses, and ends the prefix; 4 is stored: L1 evicts 3, L2 evicts 2;
  //           3 is stored: new in L1 again, which evicts 1; in L2 it is there already.
  //                                                       L1 4 3   L2 1 4 3
  await using trace = await traceFile([line(1, 2), line(1, 2, 3), line(1), line(4, 3)]);
  const args = ["--trace", trace.path, "--l1-chunks", "2", "--l2-chunks", "3"];
  const { code, out, err } = await run(...args, "--speed", "max", "--once", "--port", "0");
  assertEquals(code, 0, err);
  const found = samples(out);
  const expected: Record<string, number> = {
    'kv_cache_lookup_chunks_total{result="l1"}': 2,
    'kv_cache_lookup_chunks_total{result="l2"}': 1,
    'kv_cache_lookup_chunks_total{result="miss"}': 5,
    'kv_cache_evicted_chunks_total{tier="l1"}': 4,
    'kv_cache_evicted_chunks_total{tier="l2"}': 1,
    'lmcache_mp_lookup_requested_tokens_total{model_name="demo-model",cache_salt=""}': 8 * 512,
    'lmcache_mp_lookup_hit_tokens_total{model_name="demo-model",cache_salt=""}': 3 * 512,
    'lmcache_mp_lookup_hit_l1_tokens_total{model_name="demo-model",cache_salt=""}': 2 * 512,
    'lmcache_mp_lookup_hit_l2_tokens_total{model_name="demo-model",cache_salt=""}': 1 * 512,
    'lmcache_mp_l1_read_chunks_total{cache_salt=""}': 3,
    'lmcache_mp_l1_write_chunks_total{cache_salt=""}': 6,
    'lmcache_mp_l1_evicted_chunks_total{cache_salt=""}': 4,
    'lmcache_mp_num_finished_retrieves_total{device="cpu"}': 2,
    'lmcache_mp_num_finished_stores_total{device="cpu"}': 3,
    "lmcache_mp_event_bus_dropped_events_total": 0,
  };
  for (const [series, value] of Object.entries(expected)) {
    assertEquals(found[series], value, series);
  }
  assertStringIncludes(err, "chunks looked up");
});

Deno.test("the built-in workload is the same for the same seed", async () => {
  const args = ["--requests", "50", "--speed", "max", "--once", "--port", "0", "--seed"];
  const counts = (out: string) => samples(out)['lmcache_mp_l1_write_chunks_total{cache_salt=""}'];
  const [first, again, other] = await Promise.all(["7", "7", "8"].map((s) => run(...args, s)));
  assert(first && again && other);
  assert((counts(first.out) ?? 0) > 0);
  assertEquals(counts(first.out), counts(again.out));
  assert(counts(first.out) !== counts(other.out));
});

Deno.test("requests are spread over models and tenants, and faults are counted", async () => {
  const spreading = ["--models", "2", "--tenants", "3", "--devices", "2", "--workers", "3"];
  const faults = ["--fault", "l2-error", "--fault", "l1-oom"];
  const { code, out, err } = await run(
    ...["--requests", "60", "--speed", "max", "--once", "--port", "0", "--l1-chunks", "50"],
    ...spreading,
    ...faults,
  );
  assertEquals(code, 0, err);
  assertStringIncludes(err, "Faults: l2-error, l1-oom.");
  const found = samples(out);
  const series = Object.keys(found).filter((name) =>
    name.startsWith("lmcache_mp_lookup_requested_tokens_total{")
  );
  assertEquals(series.length, 2 * 3);
  const stores = totals(found, "lmcache_mp_num_finished_stores_total", "device").by;
  assertEquals(Object.keys(stores).sort(), ["cpu:0", "cpu:1"]);
  const loaded = totals(found, "lmcache_mp_num_chunks_loaded_total", "worker_id").by;
  assertEquals(Object.keys(loaded).sort(), ["engine-0", "engine-1", "engine-2"]);
  const failures = ["l1_allocation_failure", "l1_read_failure", "l2_prefetch_failure"];
  for (const name of failures) {
    const { total, by } = totals(found, `lmcache_mp_${name}_chunks_total`, "model_name");
    assert(total > 0, name);
    assert(Object.keys(by).every((model) => /^demo-model-[12]$/.test(model)));
  }
  assert((found['lmcache_mp_l2_store_failed_objects_chunks_total{l2_name="disk"}'] ?? 0) > 0);
  assertEquals(found["lmcache_mp_event_bus_dropped_events_total"], 0);
});

Deno.test("each rank of a model stores and finds its own part of every chunk, on its device", async () => {
  await using trace = await traceFile([line(1, 2), line(1, 2, 3)]);
  const args = ["--trace", trace.path, "--ranks", "2", "--sample-ratio", "1"];
  const { code, out, err } = await run(...args, "--speed", "max", "--once", "--port", "0");
  assertEquals(code, 0, err);
  const found = samples(out);
  const total = (name: string) => totals(found, `lmcache_mp_${name}`, "model_name").total;
  // Tokens are the prompts', whatever the number of ranks; keys are the ranks'.
  assertEquals(total("lookups_requests_total"), 2);
  assertEquals(total("lookup_requested_tokens_total"), (2 + 3) * 512);
  assertEquals(total("lookup_hit_tokens_total"), 2 * 512);
  assertEquals(total("lookup_hit_l1_keys_total"), 2 * 2);
  assertEquals(total("l1_write_chunks_total"), 2 * 3);
  assertEquals(totals(found, "lmcache_mp_num_finished_stores_total", "device").by, {
    "cpu:0": 2,
    "cpu:1": 2,
  });
});

Deno.test("--lookup-hash-log-dir keeps what each lookup asks for", async () => {
  await using trace = await traceFile([line(1, 2), line(1, 255)]);
  await using folder = await temporaryFolder();
  const args = ["--trace", trace.path, "--lookup-hash-log-dir", folder.path];
  const { code, err } = await run(...args, "--speed", "max", "--once", "--port", "0");
  assertEquals(code, 0, err);
  const [file, ...others] = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  assertEquals(others, []);
  const text = await Deno.readTextFile(`${folder.path}/${file}`);
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.map(({ chunk_hashes, seq_len }) => [chunk_hashes, seq_len]), [
    [["0x1", "0x2"], 1_024],
    [["0x1", "0xff"], 1_024],
  ]);
});

Deno.test("clients over HTTP can have it to themselves", async () => {
  await using child = start(Deno.execPath(), commandLine(["--port", "0", "--requests", "0"]));
  const [url] = await child.printed(/http:\S+(?=\/metrics)/, "stderr");
  await child.printed(/The input has ended/, "stderr");
  const post = async (path: string, chunks: number[]) => {
    const body = JSON.stringify({ tenant: "t", chunks });
    const headers = { "content-type": "application/json" };
    return await (await fetch(`${url}${path}`, { method: "POST", headers, body })).json();
  };
  assertEquals((await post("/v1/store", [1, 2])).storedChunks, 2);
  assertEquals((await post("/v1/lookup", [1, 2, 3])).foundChunks, 2);
  assertEquals((await post("/v1/retrieve", [1, 2])).retrievedChunks, 2);
  const found = samples(await (await fetch(`${url}/metrics`)).text());
  const hit = totals(found, "lmcache_mp_lookup_hit_tokens_total", "cache_salt");
  assertEquals(hit.by, { t: 2 * 512 });
  // The adapter has seen each request, and the runtime tells of itself.
  const answered = totals(found, "http_server_request_duration_seconds_count", "http_route");
  assertEquals(answered.by, { "/v1/store": 1, "/v1/lookup": 1, "/v1/retrieve": 1 });
  assert(Object.keys(found).some((name) => name.startsWith("v8js_memory_heap_used_bytes{")));
  child.kill("SIGINT");
  const { code, stderr } = await child.ended;
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /requests +3 .*\nchunks looked up +3\n +found in L1 +2 /);
});

Deno.test("--otlp-endpoint pushes all three signals, and the scrape goes on", async () => {
  const pushed = new Map<string, string>();
  await using receiver = await serve(async (request) => {
    const { pathname } = new URL(request.url);
    pushed.set(pathname, `${pushed.get(pathname) ?? ""}${await request.text()}`);
    return new Response("{}", { headers: { "content-type": "application/json" } });
  });
  const { code, out, err } = await run(
    ...["--requests", "5", "--speed", "max", "--once", "--port", "0", "--enable-tracing"],
    ...["--otlp-endpoint", receiver.origin],
  );
  assertEquals(code, 0, err);
  assertEquals([...pushed.keys()].sort(), ["/v1/logs", "/v1/metrics", "/v1/traces"]);
  assertStringIncludes(pushed.get("/v1/metrics") ?? "", "lmcache_mp.l1_write");
  assertStringIncludes(pushed.get("/v1/traces") ?? "", "mp.lookup_prefetch");
  assertStringIncludes(pushed.get("/v1/logs") ?? "", "tokens stored from cpu");
  assertEquals(
    samples(out)['lmcache_mp_lookups_requests_total{model_name="demo-model",cache_salt=""}'],
    5,
  );
});

Deno.test("a bad flag gets the rule and the usage text, and exit 2", async () => {
  const { code, out, err } = await run("--l1-chunks", "0");
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, '--l1-chunks: must be an integer from 1 to 16000000, received "0"');
  assertStringIncludes(err, "Usage: deno task demo");
  assert(!err.includes("    at "), err);
});

Deno.test("a missing or broken trace and a port in use say so, and exit 1", async () => {
  await using trace = await traceFile([line(1), "{nonsense\x1b[2J", line(2)]);
  for (
    const [path, why] of [
      ["no-such-file.jsonl", "there is no such file"],
      [".", "it is a directory"],
      [trace.path, 'line 2: it must be JSON, received "{nonsense\\u001b[2J"'],
    ] as const
  ) {
    const { code, out, err } = await run("--trace", path, "--once", "--port", "0");
    assertEquals([code, out], [1, ""]);
    assert(err.endsWith(`Cannot read trace ${path}: ${why}\n`), err);
    // What is seen at once is said before anything begins.
    assertEquals(err.includes("Serving"), path === trace.path);
  }

  await using server = await serve(() => new Response());
  const { port } = server;
  const inUse = await run("--requests", "1", "--once", "--port", `${port}`);
  assertEquals(inUse.code, 1);
  assertEquals(
    inUse.err.trim(),
    `Cannot serve at 127.0.0.1:${port}: it is in use, choose another with --port`,
  );
});

Deno.test("it can be scraped while it runs, and Ctrl-C ends it with a summary", async () => {
  await using child = start(Deno.execPath(), commandLine(["--port", "0", "--speed", "20"]));
  const [url] = await child.printed(/http:\S+\/metrics/, "stderr");
  const response = await fetch(url);
  assertEquals(response.status, 200);
  assertMatch(await response.text(), /lmcache_mp_event_bus_queue_depth \d+/);
  const open = await fetch(url, { headers: { accept: "application/openmetrics-text" } });
  const type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  assertEquals(open.headers.get("content-type"), type);
  assertMatch(await open.text(), /lmcache_mp_event_bus_queue_depth \d+\n(.|\n)*# EOF\n$/);
  child.kill("SIGINT");
  const { code, stderr } = await child.ended;
  assertEquals(code, 0, stderr);
  assertStringIncludes(stderr, "events dropped");
});
