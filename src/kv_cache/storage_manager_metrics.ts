import type { Meter } from "../subscribers/otel_api.ts";
import { EventSubscriber } from "../bus/event_subscriber.ts";
import type { BusEvent } from "../events/event.ts";
import type { Subscriptions } from "../events/event_map.ts";
import type { SliceCounter } from "../subscribers/slice_counter.ts";
import type { KvCacheEvents } from "./events.ts";
import type { OutcomeMetadata } from "./metadata.ts";
import { SliceCounters } from "./slice_counters.ts";

/** Counts the blocks that the storage manager read and wrote, and failed to. */
export class StorageManagerMetricsSubscriber extends EventSubscriber<KvCacheEvents> {
  readonly #counters: SliceCounters;
  readonly #subscriptions: Subscriptions<KvCacheEvents>;

  /**
   * Creates the counters.
   *
   * @param meter where the counters are created
   * @param prefix what their names begin with
   */
  constructor(meter: Meter, prefix: string) {
    super();
    const counters = this.#counters = new SliceCounters(meter, prefix, "chunks");
    const read = counters.create(
      "sm_read",
      "Chunks the storage manager brought into L1 or found there",
    );
    const readFailed = counters.create("sm_read_failed", "Chunks the storage manager did not find");
    const write = counters.create("sm_write", "Chunks the storage manager wrote");
    const writeFailed = counters.create(
      "sm_write_failed",
      "Chunks the storage manager failed to write",
    );
    counters.startAtZero();

    const countInto =
      (succeeded: SliceCounter, failed: SliceCounter) =>
      (event: BusEvent<string, OutcomeMetadata>) => {
        succeeded.add(event.metadata.succeededKeys.length);
        failed.add(event.metadata.failedKeys.length);
      };
    this.#subscriptions = {
      "sm.read.prefetched_finished": countInto(read, readFailed),
      "sm.write.finished": countInto(write, writeFailed),
    };
  }

  /** The handlers by event type. */
  override getSubscriptions(): Subscriptions<KvCacheEvents> {
    return this.#subscriptions;
  }

  /** Hands the slice's sums to the counters. */
  override onDrain(): void {
    this.#counters.flush();
  }
}
