import type { Meter } from "../subscribers/otel_api.ts";
import { EventSubscriber } from "../bus/event_subscriber.ts";
import type { EventOf, Subscriptions } from "../events/event_map.ts";
import type { SliceCounter } from "../subscribers/slice_counter.ts";
import type { KvCacheEvents } from "./events.ts";
import { SliceCounters } from "./slice_counters.ts";

/** Counts the tokens that lookups asked for and found, by model and tenant. */
export class LookupMetricsSubscriber extends EventSubscriber<KvCacheEvents> {
  readonly #counters: SliceCounters;
  readonly #requested: SliceCounter;
  readonly #hit: SliceCounter;

  /**
   * Creates the counters.
   *
   * @param meter where the counters are created
   * @param prefix what their names begin with
   */
  constructor(meter: Meter, prefix: string) {
    super();
    this.#counters = new SliceCounters(meter, prefix, "tokens");
    this.#requested = this.#counters.create("lookup_requested", "Tokens that lookups asked for");
    this.#hit = this.#counters.create("lookup_hit", "Tokens that lookups found in the cache");
  }

  /** The handlers by event type. */
  override getSubscriptions(): Subscriptions<KvCacheEvents> {
    return { "mp.lookup_prefetch.end": (event) => this.#count(event) };
  }

  #count(event: EventOf<KvCacheEvents, "mp.lookup_prefetch.end">): void {
    const { modelName, cacheSalt, requestedTokens, hitTokens } = event.metadata;
    const attributes = { model_name: modelName, cache_salt: cacheSalt };
    this.#requested.add(requestedTokens, attributes);
    this.#hit.add(hitTokens, attributes);
  }

  /** Hands the slice's sums to the counters. */
  override onDrain(): void {
    this.#counters.flush();
  }
}
