import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadline } from "@std/async";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createHandler } from "@busbar/busbar/http";
import { createApiRoutes } from "../../../examples/kv_cache_server/api/api_routes.ts";
import type { Client } from "../../../examples/kv_cache_server/cache/client.ts";
import { openThread } from "../../../examples/kv_cache_server/threads/cache_thread.ts";
import { parseOptions } from "../../../examples/kv_cache_server/terminal/options.ts";
import { Stop } from "../../../examples/kv_cache_server/stop.ts";
import { openCache, totals } from "../../support/kv_cache_server.ts";
import { start } from "../../support/processes.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const CHUNKS = 20_000;
/** Some milliseconds' worth. */
const MAX_PORTION_CHUNKS = 500;
const PORTIONS = CHUNKS / MAX_PORTION_CHUNKS;

const client: Client = { modelName: "m", cacheSalt: "", engineId: "e", device: "cpu", kvRank: 1 };
const different = Array.from({ length: CHUNKS }, (_, i) => i);

/** How many turns of the event loop others have had while it was under way. */
async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const done = work().finally(() => isDone = true);
  while (!isDone) {
    await nextTurn();
    turns++;
  }
  await done;
  return turns;
}

/** The longest list in any event. */
function longestList(value: unknown, isChunks = true): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner = Object.entries(value).map(([name, one]) =>
    longestList(one, name !== "chunkHashes")
  );
  return Math.max(isChunks && Array.isArray(value) ? value.length : 0, 0, ...inner);
}

Deno.test("a long prompt leaves others a turn after each portion, whatever is done with it", async () => {
  await using server = await openCache({ l1: 30_000, l2: 25_000 });
  const { cache } = server;
  const operations = [
    () => server.inSession("a").handle(different, client), // stored
    () => server.inSession("b").handle(different, client), // found and retrieved
    () => server.inSession("c").lookUp(different, client),
    () => server.inSession("d").retrieve(different, client),
    () => cache.store(different, client),
    () => cache.retrieve(different.map((id) => -1 - id), client), // not there
  ];
  for (const operation of operations) {
    const turns = await turnsOf(operation);
    assert(turns >= PORTIONS - 1, `${turns} turns: ${operation}`);
  }
  const events = await server.published();
  // A lookup says once which chunks it asks for; all else comes in portions, and so do its handlers.
  for (const { type, metadata } of events) {
    assert(longestList(metadata, type !== "mp.lookup") <= MAX_PORTION_CHUNKS, type);
  }
  // It is one request all the same, and each submit has its end.
  const found = await server.scrape();
  const of = (name: string) => totals(found, `lmcache_mp_${name}_total`, "device").total;
  assertEquals([of("num_submitted_stores"), of("num_finished_stores")], [2, 2]);
  assertEquals([of("num_submitted_retrieves"), of("num_finished_retrieves")], [3, 3]);
  const count = (name: string) => totals(found, `lmcache_mp_${name}_total`, "cache_salt").total;
  assertEquals(count("lookup_hit_tokens"), 2 * 512 * CHUNKS);
  assertEquals(count("l2_store_completed_objects_chunks"), CHUNKS);
  assertEquals(found["lmcache_mp_event_bus_dropped_events_total"], 0);
});

Deno.test("what L2 has of a long prompt comes in portions, too", async () => {
  await using server = await openCache({ l1: 10, l2: 25_000 });
  await server.inSession("a").handle(different, client);
  const turns = await turnsOf(async () => {
    const { l1Hits, l2Hits } = await server.inSession("b").lookUp(different, client);
    assertEquals([l1Hits, l2Hits], [0, CHUNKS]);
  });
  assert(turns >= PORTIONS - 1, `${turns} turns`);
});

Deno.test("a prompt of equal chunks takes about as many turns as one of different ones", async () => {
  await using server = await openCache();
  const handle = (session: string, ids: readonly number[]) =>
    turnsOf(() => server.inSession(session).handle(ids, client));
  const ofEqual = await handle("a", different.map(() => 1));
  const ofDifferent = await handle("b", different.map((id) => id + 2));
  // The bus may need some more on a busy machine.
  const isAlike = ofEqual >= PORTIONS - 1 && ofEqual <= 2 * ofDifferent;
  assert(isAlike, `${ofEqual} and ${ofDifferent} turns`);
});

Deno.test("L1 gives up half of many chunks in portions", async () => {
  await using folder = await temporaryFolder();
  const trace = `${folder.path}/trace.jsonl`;
  const requests = [different, ...new Array(19).fill([1])];
  const lines = requests.map((hash_ids) => JSON.stringify({ timestamp: 0, hash_ids }));
  await Deno.writeTextFile(trace, lines.join("\n"));
  const options = parseOptions([
    ...["--port", "0", "--speed", "max", "--trace", trace, "--l1-chunks", `${CHUNKS}`],
    ...["--fault", "l1-shrink"],
  ]);
  await using thread = await openThread({
    options,
    thread: 0,
    directory: folder.path,
    stop: new Stop(),
    say: () => {},
  });
  const evicted: number[] = [];
  thread.obs.bus.subscribe("l1.keys.evicted", ({ metadata: { keys } }) => {
    evicted.push(keys.length);
  });
  await thread.serve();
  await thread.settle();
  assertEquals(evicted.reduce((a, b) => a + b), CHUNKS / 2);
  assert(Math.max(...evicted) <= MAX_PORTION_CHUNKS, `${evicted}`);
});

Deno.test("a stop ends a long request at its next portion", async () => {
  const stopping = new AbortController();
  await using server = await openCache({ stopping: stopping.signal });
  const handler = createHandler({
    routes: createApiRoutes(server.cache, server.bus, (text) => assertEquals(text, "")),
  });
  stopping.abort();
  const post = async (path: string, chunks: readonly number[]) => {
    const headers = { "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify({ chunks }) };
    const response = await handler(new Request(`http://localhost${path}`, init));
    return [response.status, await response.json()];
  };
  const [status] = await post("/v1/store", [1]);
  assertEquals(status, 200); // a short one has its answer
  for (const path of ["/v1/store", "/v1/retrieve"]) {
    const answer = await post(path, different.slice(0, 2 * MAX_PORTION_CHUNKS));
    assertEquals(answer, [503, { error: "the server is stopping" }]);
  }
  const found = await server.scrape();
  const of = (name: string) => totals(found, `lmcache_mp_num_${name}_total`, "device").total;
  assertEquals([of("submitted_stores"), of("finished_stores")], [2, 2]);
  assertEquals([of("submitted_retrieves"), of("finished_retrieves")], [1, 1]);
});

Deno.test("SIGTERM ends it while a request of 150,000 chunks and 64 ranks is under way", async () => {
  await using folder = await temporaryFolder();
  const trace = `${folder.path}/trace.jsonl`;
  const hash_ids = Array.from({ length: 150_000 }, (_, i) => i);
  await Deno.writeTextFile(trace, JSON.stringify({ timestamp: 0, hash_ids }));
  await using child = start(Deno.execPath(), [
    ...["run", "--quiet", ...FLAGS, MAIN, "--port", "0", "--speed", "max"],
    ...["--trace", trace, "--ranks", "64"],
  ]);
  const [url] = await child.printed(/http:\S+\/metrics/, "stderr");
  // It is under way when the disk has something to do; scrapes are answered meanwhile.
  const isUnderWay = async () =>
    /l2_store_submitted_requests_total [1-9]/.test(
      await (await fetch(url)).text(),
    );
  while (!await isUnderWay());
  child.kill("SIGTERM");
  // All of it takes minutes.
  const { code, stderr } = await deadline(child.ended, 40_000);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /events dropped +0\n/);
});
