import type { EventBus } from "@busbar/busbar";
import type { KvCacheEvents, KvCacheGauges } from "@busbar/busbar/kv-cache";
import { example, EXAMPLES } from "./kv_cache_events.ts";

const TYPES = Object.keys(EXAMPLES) as (keyof KvCacheEvents)[];

/** A server that does everything, again and again: each time, every metric has more to say. */
export class KvCacheDriver {
  readonly #bus: EventBus<KvCacheEvents>;
  #round = 0;
  /** By the wall clock, for the rounds are scraped by it; each takes ten seconds of it. */
  #nowMs = Date.now();

  /** @param bus what it publishes to; a subscriber is added that fails now and then */
  constructor(bus: EventBus<KvCacheEvents>) {
    this.#bus = bus;
    bus.subscribe("mp.request.end", function failing() {
      throw new Error("no");
    });
  }

  /** What a server would have its gauges read from. */
  get gauges(): KvCacheGauges {
    return {
      activePrefetchJobs: () => 1,
      l1: () => ({ usedBytes: 1, totalBytes: 2 }),
      l2Adapters: () => [{
        l2Name: "disk",
        adapterIndex: 0,
        usageBytes: () => 7,
        inflightStores: () => 1,
        inflightLoads: () => 1,
        inflightLoadBytes: () => 64,
      }],
    };
  }

  /** Publishes every event once more, and what it takes for lives and reuse to be seen. */
  publishAll(): void {
    const round = this.#round++;
    const sessionId = `r${round}`;
    this.#nowMs += 10_000;
    for (const type of TYPES) {
      const timestamp = this.#nowMs + (/\.(end|completed)$/.test(type) ? 1_000 : 0);
      (this.#bus as EventBus).publish(type, EXAMPLES[type], { sessionId, timestamp });
    }
    const later = { sessionId, timestamp: this.#nowMs + 2_000 };
    this.#bus.publish("mp.lookup_prefetch.end", {
      ...example("mp.lookup_prefetch.end"),
      earlyExitReason: "no_gpu_context",
    }, later);
    // The chunks were evicted, and come back; what they hold is read once more.
    this.#bus.publish("l1.write.finished", example("l1.write.finished"), later);
    this.#bus.publish(
      "sm.read.prefetched_finished",
      example("sm.read.prefetched_finished"),
      later,
    );
    // The block is used again, and then given to other tokens.
    const give = (reqId: string, newTokenIds: number[], afterMs: number) =>
      this.#bus.publish("mp.vllm.block_allocation", {
        ...example("mp.vllm.block_allocation"),
        records: [{ reqId, newBlockIds: [1], newTokenIds }],
      }, { sessionId, timestamp: this.#nowMs + afterMs });
    give("a", [round], 3_000);
    this.#bus.publish("mp.vllm.end_session", { requestId: "a" }, later);
    give("b", [round], 4_000);
    this.#bus.publish("mp.vllm.end_session", { requestId: "b" }, later);
    give("c", [-1], 5_000);
  }
}
