import { EventBus } from "@busbar/busbar";
import { type MetricsServer, serveMetrics } from "@busbar/busbar/http";
import { registerKvCache } from "@busbar/busbar/kv-cache";
import { PrometheusMetrics } from "@busbar/busbar/otel";
import { DiskTier } from "./cache/disk_tier.ts";
import { MemoryTier } from "./cache/memory_tier.ts";
import { PrefixCache } from "./cache/prefix_cache.ts";
import type { ServerEvents } from "./events.ts";
import { BlockMetricsSubscriber } from "./metrics.ts";
import type { Options } from "./options.ts";
import { Progress } from "./progress.ts";
import type { Request } from "./request.ts";
import { Summary } from "./summary.ts";
import { readTrace } from "./trace.ts";
import { conversations } from "./workload.ts";

const CLIENT = { modelName: "demo-model", cacheSalt: "", engineId: "engine-0", device: "cpu" };

/**
 * Runs the example until its input ends or `signal` aborts; without `--once` it then goes on
 * serving metrics until `signal` aborts.
 *
 * @returns the final scrape
 */
export async function run(
  options: Options,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<string> {
  await using metrics = new PrometheusMetrics({ serviceName: "kv-cache-server" });
  await using server = serveMetrics({
    port: options.port,
    scrape: () => metrics.scrape(),
    logger: { warn: say },
  });
  await using bus = new EventBus<ServerEvents>({ logger: { warn: say } }).start();
  registerKvCache(bus, { meter: metrics.meter });
  bus.registerSubscriber(new BlockMetricsSubscriber(metrics.meter));
  tellWhatToOpen(server, options, say);

  using directory = openDirectory(options.l2Dir);
  using l2 = closing(new DiskTier(`${directory.path}/l2.sqlite`, options.l2Blocks));
  const cache = new PrefixCache(new MemoryTier(options.l1Blocks), l2.tier, bus);
  const summary = new Summary();
  const startedAt = performance.now();
  await replay(options, signal, async (request) => {
    summary.add(cache.handle(`request-${summary.requests}`, request.blockIds, CLIENT));
    // A replay at full speed is faster than any service; let the bus catch up, so that none is lost.
    if (bus.queueDepth > bus.maxQueueSize / 2) await bus.flush();
    return summary;
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  await bus.flush();
  say(summary.table(seconds, bus.stats(), bus.droppedEventsCount));

  if (!options.once && !signal.aborted) {
    say(`\nThe input has ended; ${server.metricsUrl} goes on until Ctrl-C.`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }
  await bus.flush();
  return await metrics.scrape();
}

function tellWhatToOpen(
  server: MetricsServer,
  options: Options,
  say: (text: string) => void,
): void {
  const input = options.trace ?? "simulated conversations";
  say(`Serving ${input} from a cache of two tiers.`);
  say(`Open ${server.metricsUrl} and reload to watch the numbers grow. Ctrl-C ends.\n`);
}

/** Hands each request on at its time. */
async function replay(
  options: Options,
  signal: AbortSignal,
  handle: (request: Request) => Promise<Summary>,
): Promise<void> {
  const input = options.trace === undefined
    ? conversations(options.seed)
    : readTrace(options.trace);
  const progress = new Progress(options.requests);
  const startedAt = performance.now();
  let turnBegan = startedAt;
  let requests = 0;
  for await (const request of input) {
    const waitMs = request.timestampMs / options.speed - (performance.now() - startedAt);
    if (waitMs > 1) await sleep(waitMs, signal);
    if (signal.aborted) break;
    const summary = await handle(request);
    progress.update(++requests, summary.line);
    if (requests >= options.requests) break;
    if (performance.now() - turnBegan > 20) {
      // Scrapes and Ctrl-C need a turn of the event loop, also at full speed.
      await sleep(0, signal);
      turnBegan = performance.now();
    }
  }
  progress.clear();
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}

/** The directory of the disk tier; a temporary one is removed at the end. */
function openDirectory(given: string | undefined): Disposable & { path: string } {
  if (given !== undefined) {
    Deno.mkdirSync(given, { recursive: true });
    return { path: given, [Symbol.dispose]: () => {} };
  }
  const path = Deno.makeTempDirSync({ prefix: "busbar-demo-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function closing(tier: DiskTier): Disposable & { tier: DiskTier } {
  return { tier, [Symbol.dispose]: () => tier.close() };
}
