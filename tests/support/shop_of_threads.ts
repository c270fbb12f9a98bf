/** The catalog of the tests of threads: each kind of metric once. */
import { declare } from "@busbar/busbar/catalog";

/** Its events. */
export interface ShopEvents {
  "hit": { route: string; ms: number };
  "open": { by: number };
}

const { catalog, counter, histogram, upDownCounter, gauge } = declare<ShopEvents>();

/** @param temperature what its gauge reads, and how those of several threads become one */
export function shopOf(temperature: Parameters<typeof gauge>[0]) {
  return catalog({
    metrics: {
      "hits": counter("hit", { attributes: ({ metadata: { route } }) => ({ route }) }),
      "took": histogram("hit", { value: ({ metadata: { ms } }) => ms, buckets: [1, 10] }),
      "open": upDownCounter("open", { value: ({ metadata: { by } }) => by }),
      "temperature": gauge(temperature),
    },
  });
}
