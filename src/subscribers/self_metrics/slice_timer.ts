import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { Subscriptions } from "../../events/event_map.ts";
import { monotonicMs } from "../../internal/clocks.ts";
import type { Histogram } from "../otel_api.ts";

/** How many durations are kept from one collection to the next, beside the longest. */
const MAX_SAMPLES = 256;

/**
 * Keeps how long slices took, as plain numbers, until a collection asks: the longest one, and of
 * the others all, or where there are too many, so many that each is as likely to be among them.
 */
export class SliceTimer extends EventSubscriber<object> {
  override readonly name: string = "SliceTimer";
  readonly #histogram: Histogram;
  readonly #samples: number[] = [];
  #timed = 0;
  #longestMs = -Infinity;

  /** @param histogram where they are recorded, in seconds */
  constructor(histogram: Histogram) {
    super();
    this.#histogram = histogram;
  }

  /** None: it only listens to the end of slices. */
  override getSubscriptions(): Subscriptions<object> {
    return {};
  }

  /** Costs nothing but the call, unless the bus has timed the slice. */
  override onDrain(sliceStartedAtMs: number): void {
    // Not a number, or not there: a bus of another copy of the package may say nothing.
    if (!Number.isFinite(sliceStartedAtMs)) return;
    let tookMs = monotonicMs() - sliceStartedAtMs;
    this.#timed++;
    if (tookMs > this.#longestMs) [tookMs, this.#longestMs] = [this.#longestMs, tookMs];
    // The first one has no other to put there.
    if (this.#timed === 1) return;
    if (this.#samples.length < MAX_SAMPLES) this.#samples.push(tookMs);
    else {
      const place = Math.floor(Math.random() * (this.#timed - 1));
      if (place < MAX_SAMPLES) this.#samples[place] = tookMs;
    }
  }

  /** Records what was kept since the last call. */
  report(): void {
    if (this.#timed === 0) return;
    this.#histogram.record(this.#longestMs / 1_000);
    for (const tookMs of this.#samples) this.#histogram.record(tookMs / 1_000);
    this.#samples.length = this.#timed = 0;
    this.#longestMs = -Infinity;
  }
}
