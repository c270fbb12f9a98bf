import { EventBus } from "@busbar/busbar";
import { currentContext, withSession } from "@busbar/busbar/context";
import type { Observability } from "@busbar/busbar/observability";
import { BlendCache, MAX_BLEND_CHUNKS } from "../cache/blend.ts";
import { DiskTier } from "../cache/disk_tier.ts";
import { MemoryTier } from "../cache/memory_tier.ts";
import { letBusCatchUp, portions, StoppingError } from "../cache/portions.ts";
import { PrefixCache } from "../cache/prefix_cache.ts";
import { publishCapacity, publishEvicted } from "../cache/publish.ts";
import type { Tiers } from "../cache/tiers.ts";
import { ranksOf, spread } from "../requests/clients.ts";
import type { ServerEvents } from "../events.ts";
import { Faults } from "../faults.ts";
import { observe } from "../observe.ts";
import type { Options } from "../terminal/options.ts";
import { replay } from "../requests/replay.ts";
import type { Stop } from "../stop.ts";
import { Summary } from "../terminal/summary.ts";
import type { Request } from "../requests/trace.ts";

/** What a bus has room for that was made to lose some. */
const FEW_EVENTS = 16;
/** As of a process that was killed. */
const EXIT_CRASHED = 137;
/** How long a slow subscriber takes for each event. */
const SLOW_MS = 1;
/** How long the bus may take when the input has ended, and nobody waits. */
const REST_TIMEOUT_MS = 60_000;

/** One thread: a cache of its own, a bus, and what is shown of them. */
export interface CacheThread extends AsyncDisposable {
  readonly obs: Observability<ServerEvents>;
  readonly summary: Summary;
  /** Serves this thread's share of the input, until it ends or a stop is asked for. */
  serve(): Promise<void>;
  /** Resolves when all that was begun is done and counted, or nobody waits for it any more. */
  settle(): Promise<void>;
}

/** What is open before a thread is. */
export interface ThreadOptions {
  readonly options: Options;
  /** Which of the threads it is. */
  readonly thread: number;
  /** Where its disk tier lies, if anywhere. */
  readonly directory: string | undefined;
  readonly stop: Stop;
  readonly say: (text: string) => void;
}

/** Opens a cache and all that shows what it does. */
export async function openThread(
  { options, thread, directory, stop, say }: ThreadOptions,
): Promise<CacheThread> {
  const faults = new Faults(options.faults);
  const bus = new EventBus<ServerEvents>({
    maxQueueSize: faults.has("bus-full") ? FEW_EVENTS : 10_000,
    context: currentContext,
    logger: { warn: say },
  });
  if (faults.has("subscriber-error")) bus.subscribe("mp.request.end", failingSubscriber);
  if (faults.has("subscriber-slow")) bus.subscribeAll(slowSubscriber);
  await using opened = new AsyncDisposableStack();
  const l2 = new DiskTier({
    path: directory && `${directory}/l2-${thread}.sqlite`,
    capacity: options.l2Chunks,
    bus,
    faults,
    report: say,
  });
  opened.defer(async () => void await stop.hurry(l2[Symbol.asyncDispose]()));
  const l1 = new MemoryTier(options.l1Chunks);
  const tiers = { l1, l2, bus, faults, stopping: stop.signal };
  const cache = new PrefixCache(tiers);
  const blend = new BlendCache(tiers);
  const summary = new Summary(bus);
  const obs = await observe({ options, bus, l1, l2, cache, thread, say });
  opened.defer(async () => void await bus.stop({ timeoutMs: stop.leftMs }));
  opened.defer(() => obs.shutdown({ timeoutMs: stop.leftMs }).catch(({ message }) => say(message)));
  bus.publish("kv_cache.opened", { l1Capacity: options.l1Chunks, l2Capacity: options.l2Chunks });
  publishCapacity(tiers);
  const closing = opened.move();
  return {
    obs,
    summary,
    async serve() {
      const clients = spread(options);
      let requests = 0;
      const handle = async ({ chunkIds }: Request) => {
        const next = clients.next().value;
        if (requests++ % options.threads !== thread) return;
        if (faults.hasBegun("crash")) Deno.exit(EXIT_CRASHED);
        const isUnique = faults.has("prompts-unique");
        const client = isUnique ? { ...next, namespace: `prompt ${requests}: ` } : next;
        const fits = chunkIds.length * options.ranks <= MAX_BLEND_CHUNKS;
        const server = options.blend && requests % 3 === 0 && fits ? blend : cache;
        await withSession({}, () => server.handle(chunkIds, ...ranksOf(client, options.ranks)));
        await letBusCatchUp(tiers);
        if (faults.isDue("l1-shrink")) await shrink(tiers, options.l1Chunks);
      };
      try {
        await stop.waitFor(replay(options, stop.signal, handle, thread === 0 ? say : undefined));
      } catch (error) {
        if (!(error instanceof StoppingError)) throw error;
      }
    },
    async settle() {
      // Clients may go on, the disk may be slow: what is not done in time is not waited for.
      await stop.waitFor(l2.idle());
      await stop.waitFor(bus.flush({ timeoutMs: REST_TIMEOUT_MS }));
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** L1 loses half its capacity, or gets it back. */
async function shrink(tiers: Tiers, capacity: number): Promise<void> {
  const target = tiers.l1.capacity === capacity ? Math.ceil(capacity / 2) : capacity;
  const surplus = Math.max(0, tiers.l1.size - target);
  for await (const { part } of portions(tiers, Array.from({ length: surplus }))) {
    publishEvicted(tiers, tiers.l1.resize(tiers.l1.size - part.length));
  }
  publishEvicted(tiers, tiers.l1.resize(target));
  publishCapacity(tiers);
}

function failingSubscriber(): never {
  throw new Error("the subscriber was made to fail");
}

function slowSubscriber(): void {
  const until = performance.now() + SLOW_MS;
  while (performance.now() < until) { /* nothing else can happen */ }
}
