import { EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { type Meter, SliceCounter } from "@busbar/busbar/subscribers";
import type { ServerEvents } from "./events.ts";

/** Counts where blocks were found, and where they were evicted from. */
export class BlockMetricsSubscriber extends EventSubscriber<ServerEvents> {
  readonly #lookups: SliceCounter;
  readonly #evictions: SliceCounter;

  constructor(meter: Meter) {
    super();
    this.#lookups = new SliceCounter(meter.createCounter("kv_cache.lookup_blocks", {
      description: "Blocks that requests asked for, by where they were found",
    }));
    this.#evictions = new SliceCounter(meter.createCounter("kv_cache.evicted_blocks", {
      description: "Blocks evicted, by tier",
    }));
    for (const result of ["l1", "l2", "miss"]) this.#lookups.add(0, { result });
    for (const tier of ["l1", "l2"]) this.#evictions.add(0, { tier });
    this.onDrain();
  }

  override getSubscriptions(): Subscriptions<ServerEvents> {
    return {
      "kv_cache.lookup.finished": ({ metadata }) => {
        this.#lookups.add(metadata.l1Blocks, { result: "l1" });
        this.#lookups.add(metadata.l2Blocks, { result: "l2" });
        this.#lookups.add(metadata.missBlocks, { result: "miss" });
      },
      "kv_cache.blocks.evicted": ({ metadata }) =>
        this.#evictions.add(metadata.count, { tier: metadata.tier }),
    };
  }

  override onDrain(): void {
    this.#lookups.flush();
    this.#evictions.flush();
  }
}
