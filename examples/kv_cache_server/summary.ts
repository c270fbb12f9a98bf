import type { EventBus } from "@busbar/busbar";
import type { ServerEvents } from "./events.ts";

/** What came of lookups: adds up their events, as anybody may who has the bus. */
export class Summary {
  readonly #bus: EventBus<ServerEvents>;
  readonly #startedAt = performance.now();
  #requests = 0;
  #l1 = 0;
  #l2 = 0;
  #misses = 0;
  #last = { at: this.#startedAt, requests: 0, published: 0 };

  constructor(bus: EventBus<ServerEvents>) {
    this.#bus = bus;
    bus.subscribe("kv_cache.lookup.finished", ({ metadata }) => {
      this.#requests++;
      this.#l1 += metadata.l1Chunks;
      this.#l2 += metadata.l2Chunks;
      this.#misses += metadata.missChunks;
    });
  }

  /** One line of what has happened since the last one, and of how the bus is. */
  line(): string {
    const now = performance.now();
    const seconds = (now - this.#last.at) / 1_000;
    const { published } = this.#bus.stats();
    const aSecond = (count: number) => Math.round(count / seconds).toLocaleString("en");
    const text = [
      `${this.#requests.toLocaleString("en")} requests, ` +
      `${aSecond(this.#requests - this.#last.requests)}/s`,
      `L1 ${percent(this.#l1, this.#chunks)}, L2 ${percent(this.#l2, this.#chunks)}`,
      `${aSecond(published - this.#last.published)} events/s`,
      `lag ${this.#bus.oldestEventLagMs.toFixed(0)} ms`,
      `lost ${this.#bus.droppedEventsCount.toLocaleString("en")}`,
    ].join(" | ");
    this.#last = { at: now, requests: this.#requests, published };
    return text;
  }

  /** The table that ends a run. */
  table(): string {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const { published, delivered } = this.#bus.stats();
    const rows: [string, number, string][] = [
      ["requests", this.#requests, `${(this.#requests / seconds).toFixed(0)} a second`],
      ["chunks requested", this.#chunks, ""],
      ["  found in L1", this.#l1, percent(this.#l1, this.#chunks)],
      ["  found in L2", this.#l2, percent(this.#l2, this.#chunks)],
      ["  missing", this.#misses, percent(this.#misses, this.#chunks)],
      ["events published", published, ""],
      ["events delivered", delivered, ""],
      ["events dropped", this.#bus.droppedEventsCount, ""],
    ];
    return rows.map(([name, count, note]) =>
      `${name.padEnd(18)}${count.toLocaleString("en").padStart(12)}  ${note}`.trimEnd()
    ).join("\n");
  }

  get #chunks(): number {
    return this.#l1 + this.#l2 + this.#misses;
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0.0 %" : `${(part / whole * 100).toFixed(1)} %`;
}
