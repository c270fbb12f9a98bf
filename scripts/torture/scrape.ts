/** What is read of a scrape. */
export interface Totals {
  readonly orders: number;
  /** What was published, and not refused. */
  readonly accepted: number;
  readonly lost: number;
  /** Threads by state. */
  readonly threads: Readonly<Record<string, number>>;
}

/** Reads a scrape. */
export function readTotals(text: string): Totals {
  const value = (series: string) => {
    const line = text.split("\n").find((line) => line.startsWith(`${series} `));
    return Number(line?.slice(series.length) ?? 0);
  };
  const lost = (reason: string) => value(`busbar_event_bus_lost_events_total{reason="${reason}"}`);
  const refused = lost("queue_full") + lost("stopped") + lost("reserved");
  return {
    orders: value("orders_total"),
    accepted: value("busbar_event_bus_published_events_total") - refused,
    lost: lost("thread_lost"),
    threads: Object.fromEntries(
      [...text.matchAll(/^busbar_threads\{state="(\w+)"\} (\S+)/gm)]
        .map(([, state, count]) => [state, Number(count)]),
    ),
  };
}
