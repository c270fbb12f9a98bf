// deno-lint-ignore-file no-console -- it prints its results
/**
 * Five minutes of the KV-cache example under all of its faults together, but for the end of the
 * process: two of its caches, one that breaks for good and one that only fails, each with clients over HTTP and scrapes.
 * The ledger of each bus must be exact at every look and at the end, and be what the scrape says;
 * memory must not grow once what is bounded is full.
 *
 * Run it with `deno task soak:example`, or for N seconds with `deno task soak:example N`.
 *
 * @module
 */
import { type CacheThread, openThread } from "../examples/kv_cache_server/threads/cache_thread.ts";
import { type Fault, FAULTS } from "../examples/kv_cache_server/faults.ts";
import { parseOptions } from "../examples/kv_cache_server/terminal/options.ts";
import { Stop } from "../examples/kv_cache_server/stop.ts";
import { conversations } from "../examples/kv_cache_server/requests/workload.ts";
import { collectGarbage } from "../tests/support/garbage.ts";
import { samples } from "../tests/support/samples.ts";
import { temporaryFolder } from "../tests/support/temporary_folder.ts";

/** So many requests are sent again and again: what they fill that is bounded is full soon. */
const REQUESTS = 300;
/** A subscriber that takes a millisecond for each event leaves time for fewer in a second. */
const MAX_REQUESTS_PER_SECOND = 200;
/** How often it looks, however long it takes. */
const LOOKS = 30;
/** What the heap may have grown by from the middle third of the looks to the last, in bytes. */
const MAX_GROWTH_BYTES = 4_000_000;
/** How long the end may take, in milliseconds. */
const END_MS = 120_000;
/** What a cache does not recover from. */
const FOR_GOOD: readonly Fault[] = [
  ...["l2-full", "l2-readonly", "l2-gone", "stores-hang", "retrieves-hang"] as const,
  "prompts-unique",
];
const SURVIVED = FAULTS.filter((fault) => fault !== "crash");
const FLAGS = [
  ...["--port", "0", "--speed", "max", "--l1-chunks", "60", "--l2-chunks", "300", "--blend"],
  ...["--models", "2", "--tenants", "3", "--devices", "2", "--workers", "2"],
  ...["--sample-ratio", "1"],
];

const seconds = Number(Deno.args[0] ?? 300);
if (!(seconds > 0)) {
  console.error(
    `The number of seconds must be above 0, received ${JSON.stringify(Deno.args[0])}`,
  );
  Deno.exit(2);
}

interface Soaked {
  readonly name: string;
  readonly thread: CacheThread;
  readonly origin: string;
}

/** @throws {Error} if the ledger does not add up */
function checkLedger({ name, thread }: Soaked): void {
  const stats = thread.obs.bus.stats();
  const { published, accepted, rejected, delivered, dropped, pending } = stats;
  const refused = rejected.queue_full + rejected.stopped + rejected.reserved;
  const settled = delivered + dropped.evicted + dropped.shutdown + pending;
  if (published === accepted + refused && accepted === settled) return;
  throw new Error(`${name}: the ledger is wrong: ${JSON.stringify(stats)}`);
}

/** Asks the cache as clients do. */
async function ask({ name, origin }: Soaked, look: number): Promise<void> {
  for (const path of ["/v1/store", "/v1/lookup", "/v1/retrieve"]) {
    const response = await fetch(new URL(path, origin), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "client", chunks: [look, look + 1] }),
    });
    if (!response.ok) throw new Error(`${name}: ${path}: ${await response.text()}`);
    await response.body?.cancel();
  }
  await (await fetch(new URL("/metrics", origin))).text();
}

/** Writes a trace that does not end before the time has. @returns where it is */
async function writeTrace(folder: string): Promise<string> {
  const lines = conversations(1).take(REQUESTS)
    .map(({ chunkIds }) => `${JSON.stringify({ timestamp: 0, hash_ids: chunkIds })}\n`);
  const once = [...lines].join("");
  const path = `${folder}/trace.jsonl`;
  await Deno.writeTextFile(
    path,
    once.repeat(Math.ceil(seconds * MAX_REQUESTS_PER_SECOND / REQUESTS)),
  );
  return path;
}

/** What is in memory, once all that nobody holds is gone. */
async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  return Deno.memoryUsage().heapUsed;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The bus's losses, as a scrape says them. */
async function scrapedLosses({ thread: { obs } }: Soaked): Promise<number> {
  return Object.entries(samples(await obs.scrape()))
    .filter(([series]) => series.startsWith("lmcache_mp_event_bus_dropped_events_total"))
    .reduce((sum, [, value]) => sum + value, 0);
}

await using folder = await temporaryFolder();
await using opened = new AsyncDisposableStack();
const stop = new Stop(END_MS);
const soaked: Soaked[] = [];
const trace = await writeTrace(folder.path);
for (
  const [name, faults] of Object.entries({
    "all faults": SURVIVED,
    "a cache that goes on": SURVIVED.filter((fault) => !FOR_GOOD.includes(fault)),
  })
) {
  const options = parseOptions([
    ...FLAGS,
    ...["--trace", trace],
    ...faults.flatMap((fault) => ["--fault", fault]),
  ]);
  const directory = `${folder.path}/${soaked.length}`;
  await Deno.mkdir(directory);
  const thread = await openThread({ options, thread: 0, directory, stop, say: () => {} });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    thread.obs.handler,
  );
  opened.use(thread);
  opened.defer(() => server.shutdown());
  soaked.push({ name, thread, origin: `http://127.0.0.1:${server.addr.port}` });
}
const serving = Promise.all(soaked.map(({ thread }) => thread.serve()));

const ended = serving.then(() => {
  if (!stop.signal.aborted) throw new Error("The requests have ended before the time has");
});
const heap: number[] = [];
const startedAt = performance.now();
for (let look = 1; look <= LOOKS; look++) {
  const waitMs = Math.max(0, startedAt + look * seconds * 1_000 / LOOKS - performance.now());
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, waitMs))]);
  for (const one of soaked) {
    checkLedger(one);
    await ask(one, look);
    checkLedger(one);
  }
  heap.push(await heapBytes());
}
stop.ask();
await ended;
for (const one of soaked) {
  const { name, thread } = one;
  await thread.settle();
  checkLedger(one);
  const { published, delivered, pending } = thread.obs.bus.stats();
  const lost = published - delivered;
  const scraped = await scrapedLosses(one);
  if (pending !== 0) throw new Error(`${name}: ${pending} events are pending after the end`);
  if (scraped !== lost) throw new Error(`${name}: ${lost} events were lost, ${scraped} scraped`);
  const { requests } = thread.summary.counts;
  console.log(
    `${name}: ${requests} requests counted, ${published} events published, ` +
      `${delivered} delivered, ${lost} lost, as the scrape says`,
  );
}
const third = LOOKS / 3;
const grownBytes = median(heap.slice(2 * third)) - median(heap.slice(third, 2 * third));
const inMegabytes = heap.map((bytes) => (bytes / 1e6).toFixed(1)).join(" ");
console.log(`heap in MB: ${inMegabytes}; it has grown by ${(grownBytes / 1e6).toFixed(1)}`);
if (grownBytes > MAX_GROWTH_BYTES) {
  throw new Error(`Memory has a trend: it has grown by ${grownBytes} bytes`);
}
