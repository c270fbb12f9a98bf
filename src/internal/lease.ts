import { monotonicMs } from "./clocks.ts";
import { REQUESTS_ARE_APART } from "./neutral_context.ts";
import { BEAT_INTERVAL_MS, SILENCE_MS } from "./tuning.ts";

/**
 * Held by work that others wait for. Where requests are kept apart (see
 * {@linkcode REQUESTS_ARE_APART}) work ends with the request that has begun it, without a word, and a
 * promise of it may not even be touched: a timer of the request shows that it is alive, and its
 * silence that somebody else has to go on. Elsewhere work is never lost.
 */
export class Lease {
  #beatMs = -Infinity;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    if (!REQUESTS_ARE_APART) return;
    const beat = () => void (this.#beatMs = monotonicMs());
    try {
      this.#timer = setInterval(beat, BEAT_INTERVAL_MS);
      beat();
    } catch {
      // It was begun outside of any request, where there is no timer, and nothing to go on with.
    }
  }

  /** Whether the request that has begun the work has ended. */
  get isLost(): boolean {
    return REQUESTS_ARE_APART && monotonicMs() - this.#beatMs > SILENCE_MS;
  }

  /** The work is done. */
  end(): void {
    clearInterval(this.#timer);
  }
}
