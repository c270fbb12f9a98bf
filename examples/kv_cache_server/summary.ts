import type { BusStats } from "@busbar/busbar";
import type { RequestResult } from "./cache/prefix_cache.ts";

/** Adds up what became of the requests' chunks. */
export class Summary {
  requests = 0;
  l1Hits = 0;
  l2Hits = 0;
  misses = 0;

  add({ l1Hits, l2Hits, misses }: RequestResult): void {
    this.requests++;
    this.l1Hits += l1Hits;
    this.l2Hits += l2Hits;
    this.misses += misses;
  }

  get chunks(): number {
    return this.l1Hits + this.l2Hits + this.misses;
  }

  /** One line for the progress bar. */
  get line(): string {
    return `hit rate ${percent(this.l1Hits + this.l2Hits, this.chunks)}`;
  }

  /** The table that ends a run. */
  table(seconds: number, stats: BusStats, droppedEventsCount: number): string {
    const rows: [string, number, string][] = [
      ["requests", this.requests, `${(this.requests / seconds).toFixed(0)} a second`],
      ["chunks requested", this.chunks, ""],
      ["  found in L1", this.l1Hits, percent(this.l1Hits, this.chunks)],
      ["  found in L2", this.l2Hits, percent(this.l2Hits, this.chunks)],
      ["  missing", this.misses, percent(this.misses, this.chunks)],
      ["events published", stats.published, ""],
      ["events delivered", stats.delivered, ""],
      ["events dropped", droppedEventsCount, ""],
    ];
    return rows.map(([name, count, note]) =>
      `${name.padEnd(18)}${count.toLocaleString("en").padStart(12)}  ${note}`.trimEnd()
    ).join("\n");
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "0.0 %" : `${(part / whole * 100).toFixed(1)} %`;
}
