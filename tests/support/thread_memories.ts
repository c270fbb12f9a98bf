import { MemoryWriter } from "../../src/threads/memory/memory_writer.ts";
import { createThreadMemory } from "../../src/threads/memory/thread_memory.ts";
import { type Member, ThreadTotals, type Totals } from "../../src/threads/memory/thread_totals.ts";
import type { InstrumentMirror, MirroredInstrument } from "../../src/subscribers/metrics/mirror.ts";
import { numbersOf } from "../../src/subscribers/metrics/histogram_series.ts";
import type { Attributes } from "../../src/subscribers/otel_api.ts";

/** A counter, and what is not said of another instrument. */
export const COUNTER: MirroredInstrument = {
  name: "hits",
  kind: "counter",
  description: "",
  unit: "",
  combine: "sum",
  startTimeMs: 1,
  bounds: [],
  numbers: 1,
};

/** The hash of catalogs that are alike. */
export const SAME_CATALOG = "00000000000000ab";

/** A thread in its memory, as those see it who share it; it runs nowhere. */
export class FakeThread {
  readonly writer: MemoryWriter;
  readonly member: { -readonly [Name in keyof Member]: Member[Name] };
  readonly #mirrors = new Map<string, InstrumentMirror>();
  readonly #series = new Map<string, { cells: Float64Array; touch: () => void }>();

  constructor(
    name: string,
    { catalogHash = SAME_CATALOG, cells = 20_000, textBytes = 200_000 } = {},
  ) {
    const memory = createThreadMemory(catalogHash, { cells, textBytes });
    this.writer = new MemoryWriter(memory);
    this.member = { memory, name, state: "alive" };
  }

  /** Changes the numbers of a series; they show with the next commit. */
  add(
    described: Partial<MirroredInstrument>,
    attributes: Attributes,
    change: (cells: Float64Array) => void,
  ): boolean {
    const { bounds = [], kind = "counter" } = described;
    const instrument = {
      ...COUNTER,
      ...described,
      numbers: kind === "histogram" ? numbersOf(bounds) : 1,
    };
    let mirror = this.#mirrors.get(instrument.name);
    if (mirror === undefined) {
      this.#mirrors.set(instrument.name, mirror = this.writer.add(instrument));
    }
    const key = `${instrument.name} ${JSON.stringify(attributes)}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const own = new Float64Array(instrument.numbers);
      const added = mirror.add(attributes, { cells: own, offset: 0 }, false);
      if (added === undefined) return false;
      const { touch } = mirror;
      this.#series.set(key, series = { cells: own, touch: () => touch(added) });
    }
    change(series.cells);
    series.touch();
    return true;
  }

  /** Counts something at once. */
  count(value: number, attributes: Attributes = {}, described: Partial<MirroredInstrument> = {}) {
    const isAdded = this.add(described, attributes, (cells) => {
      (cells[0] as number) += value;
    });
    this.writer.commit();
    return isAdded;
  }
}

/** What the threads have counted, in one go. */
export function totalsOf(
  threads: readonly FakeThread[],
  totals: ThreadTotals = new ThreadTotals(SAME_CATALOG),
): Totals {
  const steps = totals.collect(() => threads.map(({ member }) => member));
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The values of a metric by the text of their attributes. */
export function valuesOf({ metrics }: Totals, name = "hits"): Record<string, number> {
  const metric = metrics.find((one) => one.name === name);
  if (metric === undefined || metric.kind === "histogram") return {};
  return Object.fromEntries(
    metric.points.map(({ attributes, value }) => [JSON.stringify(attributes), value]),
  );
}
