import { assert, assertEquals } from "@std/assert";
import { FakeThread, totalsOf } from "../../support/thread_memories.ts";

const SERIES = 10_000;
const BOUNDS = [1];

Deno.test("10,000 histograms are read while a slice is written at each look of the reader", () => {
  const fake = new FakeThread("a", { cells: SERIES * 20, textBytes: SERIES * 40 });
  const record = (series: number) =>
    fake.add({ kind: "histogram", bounds: BOUNDS }, { series }, (cells) => {
      (cells[0] as number)++;
      (cells[4] as number)++;
    });
  for (let i = 0; i < SERIES; i++) record(i);
  fake.writer.commit();
  let seed = 1;
  let slices = 0;
  const { load } = Atomics;
  try {
    // Whenever the reader looks at a stamp, the writer is quicker: who wants to see nothing written
    // meanwhile, in all of the memory, never comes to an end.
    Atomics.load = ((...args: Parameters<typeof load>) => {
      const value = load(...args);
      seed = Math.imul(seed, 1_103_515_245) + 12_345 & 0x7fffffff;
      record((seed >>> 8) % SERIES);
      fake.writer.commit();
      slices++;
      return value;
    }) as typeof load;
    const { metrics: [metric] } = totalsOf([fake]);
    assert(metric?.kind === "histogram");
    assertEquals(metric.points.length, SERIES);
    for (const { count, bucketCounts } of metric.points) assertEquals(bucketCounts[0], count);
  } finally {
    Atomics.load = load;
  }
  assert(slices > 2 * SERIES);
});
