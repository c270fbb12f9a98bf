import type { MetricDeclaration } from "../catalog/metric.ts";
import { hexId } from "../internal/hex_id.ts";
import { numbersOf } from "../subscribers/metrics/histogram_series.ts";
import { cellsOf, EXEMPLAR_NUMBERS } from "./memory/format.ts";
import { MAX_MEMORY_BYTES, type ThreadMemorySize } from "./memory/thread_memory.ts";

/** Declared metrics by name. */
export type Metrics = Readonly<Record<string, MetricDeclaration<never>>>;

/** What the name of a series may take on average, in bytes; where it takes more, fewer fit. */
const BYTES_PER_NAME = 160;
/** What is for the instruments that no catalog declares: those of the bus and of the runtime. */
const OTHER_CELLS = 2 ** 16;
const OTHER_TEXT_BYTES = 2 ** 20;
/** Of series, so many more fit than the catalog asks for: those that are taken over from the dead. */
const ROOM = 2;
/** The share of the largest memory that names may take. */
const TEXT_SHARE = 0.25;

/** The same for catalogs whose metrics are alike: 16 hexadecimal digits. */
export function catalogHash(metrics: Metrics, prefix: string): string {
  const described = Object.keys(metrics).sort().map((name) => {
    const { kind, unit, buckets, combine } = metrics[name] as MetricDeclaration<never>;
    return [name, kind, unit, kind === "histogram" ? buckets : [], combine];
  });
  return hash(JSON.stringify([prefix, described]));
}

/** FNV-1a with two seeds. */
function hash(text: string): string {
  let [high, low] = [0x811c9dc5, 0x01000193];
  for (const byte of new TextEncoder().encode(text)) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x85ebca6b);
  }
  return hexId(high, low);
}

/** How much memory a thread reserves for a catalog; what is not touched costs nothing. */
export function memorySizeOf(metrics: Metrics): ThreadMemorySize {
  let cells = OTHER_CELLS;
  let textBytes = OTHER_TEXT_BYTES;
  for (const { kind, buckets, maxAttributeSets } of Object.values(metrics)) {
    const numbers = kind === "histogram" ? numbersOf(buckets) : 1;
    const exemplars = kind === "histogram" ? cellsOf((buckets.length + 1) * EXEMPLAR_NUMBERS) : 0;
    cells += ROOM * maxAttributeSets * (cellsOf(numbers) + exemplars);
    textBytes += ROOM * maxAttributeSets * BYTES_PER_NAME;
  }
  return {
    cells: Math.min(cells, MAX_MEMORY_BYTES * (1 - TEXT_SHARE) / 8),
    textBytes: Math.min(textBytes, MAX_MEMORY_BYTES * TEXT_SHARE),
  };
}
