import type { EventBus } from "@busbar/busbar";
import type { ServerEvents } from "../events.ts";

/** What is counted. */
const NAMES = ["requests", "l1", "l2", "misses", "published", "delivered", "dropped"] as const;
/** What a thread has counted. */
export type Counts = Readonly<Record<typeof NAMES[number], number>>;

/** What came of requests: adds up their events, as anybody may who has the bus. */
export class Summary {
  readonly #bus: EventBus<ServerEvents>;
  readonly #startedAt = performance.now();
  readonly #served = { requests: 0, l1: 0, l2: 0, misses: 0 };
  readonly #others = new Map<number, Counts>();
  #last = { at: this.#startedAt, requests: 0, published: 0 };

  constructor(bus: EventBus<ServerEvents>) {
    this.#bus = bus;
    const countRequest = () => void this.#served.requests++;
    bus.subscribe("mp.request.end", countRequest);
    bus.subscribe("cb.request.end", countRequest);
    bus.subscribe("kv_cache.lookup.finished", ({ metadata }) => {
      this.#served.l1 += metadata.l1Chunks;
      this.#served.l2 += metadata.l2Chunks;
      this.#served.misses += metadata.missChunks;
    });
  }

  /** What this thread has counted so far. */
  get counts(): Counts {
    const { published, delivered } = this.#bus.stats();
    return { ...this.#served, published, delivered, dropped: this.#bus.droppedEventsCount };
  }

  /** Takes what another thread has counted so far. */
  add(thread: number, counts: Counts): void {
    this.#others.set(thread, counts);
  }

  /** One line of what has happened since the last one, and of how the bus is. */
  line(): string {
    const now = performance.now();
    const seconds = (now - this.#last.at) / 1_000;
    const { requests, l1, l2, misses, published, dropped } = this.#total();
    const chunks = l1 + l2 + misses;
    const aSecond = (count: number) => Math.round(count / seconds).toLocaleString("en");
    const { requests: requestsBefore, published: publishedBefore } = this.#last;
    this.#last = { at: now, requests, published };
    return [
      `${requests.toLocaleString("en")} served, ${aSecond(requests - requestsBefore)}/s`,
      `L1 ${percent(l1, chunks)} L2 ${percent(l2, chunks)}`,
      `${aSecond(published - publishedBefore)} ev/s`,
      `lag ${this.#bus.oldestEventLagMs.toFixed(0)} ms`,
      `lost ${dropped.toLocaleString("en")}`,
    ].join(" | ");
  }

  /** The table that ends a run. */
  table(): string {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const { requests, l1, l2, misses, published, delivered, dropped } = this.#total();
    const chunks = l1 + l2 + misses;
    const rows: [string, number, string][] = [
      ["requests", requests, `${(requests / seconds).toFixed(0)} a second`],
      ["chunks looked up", chunks, ""],
      ["  found in L1", l1, percent(l1, chunks)],
      ["  found in L2", l2, percent(l2, chunks)],
      ["  missing", misses, percent(misses, chunks)],
      ["events published", published, ""],
      ["events delivered", delivered, ""],
      ["events dropped", dropped, ""],
    ];
    return rows.map(([name, count, note]) =>
      `${name.padEnd(18)}${count.toLocaleString("en").padStart(12)}  ${note}`.trimEnd()
    ).join("\n");
  }

  #total(): Record<keyof Counts, number> {
    const total = { ...this.counts };
    for (const counts of this.#others.values()) {
      for (const name of NAMES) total[name] += counts[name];
    }
    return total;
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0.0 %" : `${(part / whole * 100).toFixed(1)} %`;
}
