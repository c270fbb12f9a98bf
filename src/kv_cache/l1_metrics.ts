import type { Meter } from "../subscribers/otel_api.ts";
import { EventSubscriber } from "../bus/event_subscriber.ts";
import type { BusEvent } from "../events/event.ts";
import type { Subscriptions } from "../events/event_map.ts";
import type { SliceCounter } from "../subscribers/slice_counter.ts";
import type { KvCacheEvents } from "./events.ts";
import type { KeysMetadata } from "./metadata.ts";
import { SliceCounters } from "./slice_counters.ts";

/** Counts the blocks read from, written to and evicted from L1. */
export class L1MetricsSubscriber extends EventSubscriber<KvCacheEvents> {
  readonly #counters: SliceCounters;
  readonly #read: SliceCounter;
  readonly #write: SliceCounter;
  readonly #evicted: SliceCounter;

  /**
   * Creates the counters.
   *
   * @param meter where the counters are created
   * @param prefix what their names begin with
   */
  constructor(meter: Meter, prefix: string) {
    super();
    this.#counters = new SliceCounters(meter, prefix, "chunks");
    this.#read = this.#counters.create("l1_read", "Chunks read from L1");
    this.#write = this.#counters.create(
      "l1_write",
      "Chunks written to L1, promotions from L2 included",
    );
    this.#evicted = this.#counters.create("l1_evicted", "Chunks evicted from L1");
    this.#counters.startAtZero();
  }

  /** The handlers by event type. */
  override getSubscriptions(): Subscriptions<KvCacheEvents> {
    const countInto = (counter: SliceCounter) => (event: BusEvent<string, KeysMetadata>) =>
      counter.add(event.metadata.keys.length);
    return {
      "l1.read.finished": countInto(this.#read),
      "l1.write.finished": countInto(this.#write),
      "l1.write_finished_and_read_reserved": countInto(this.#write),
      "l1.keys.evicted": countInto(this.#evicted),
    };
  }

  /** Hands the slice's sums to the counters. */
  override onDrain(): void {
    this.#counters.flush();
  }
}
