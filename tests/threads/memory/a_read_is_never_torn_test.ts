import { assert, assertEquals } from "@std/assert";
import { FakeThread, totalsOf, valuesOf } from "../../support/thread_memories.ts";
import { MemoryReader, readSeries } from "../../../src/threads/memory/memory_reader.ts";

const BOUNDS = Array.from({ length: 15 }, (_, i) => i);
const SIZE = 4 + BOUNDS.length + 1;

/** A thread with one histogram, all of whose numbers are the number of the slice. */
function thread() {
  const fake = new FakeThread("a");
  let slice = 0;
  const writeSlice = () => {
    slice++;
    fake.add({ kind: "histogram", bounds: BOUNDS }, {}, (cells) => cells.fill(slice));
    fake.writer.commit();
  };
  writeSlice();
  const reader = new MemoryReader(fake.member.memory);
  reader.readLines();
  const [series] = reader.series;
  assert(series !== undefined);
  return { memory: fake.member.memory, base: series.base, writeSlice, slice: () => slice };
}

/** Numbers that something happens amid of, when they are written to. */
function interrupted(onNumber: (index: number) => void): number[] {
  return new Proxy<number[]>([], {
    set: (target, name, value) => {
      target[Number(name)] = value;
      onNumber(Number(name));
      return true;
    },
  });
}

Deno.test("a series that is written while it is read is read again, as of one slice", () => {
  for (let at = 0; at < SIZE; at++) {
    for (const slices of [1, 2, 3, 4]) {
      const { memory, base, writeSlice, slice } = thread();
      let left = 1;
      const into = interrupted((index) => {
        if (index !== at || left-- <= 0) return;
        for (let i = 0; i < slices; i++) writeSlice();
      });
      assert(readSeries(memory, base, SIZE, into));
      const read = Array.from({ length: SIZE }, (_, i) => into[i]);
      assertEquals(new Set(read).size, 1, `torn at ${at} after ${slices}: ${read}`);
      const isOldOrNew = read[0] === 1 || read[0] === slice();
      assert(isOldOrNew, `read ${read[0]} of ${slice()} slices`);
    }
  }
});

/** Commits, and ends before it writes the numbers, or when they are all written. */
function endAmidCommit(fake: FakeThread, when: "before" | "behind"): void {
  let stores = 0;
  const { store } = Atomics;
  class Terminated extends Error {}
  try {
    Atomics.store = ((...args: Parameters<typeof store>) => {
      if (++stores === (when === "before" ? 1 : 2)) throw new Terminated();
      return store(...args);
    }) as typeof store;
    fake.writer.commit();
    assert(false, "it has not ended");
  } catch (error) {
    assert(error instanceof Terminated);
  } finally {
    Atomics.store = store;
  }
}

for (const when of ["before", "behind"] as const) {
  Deno.test(`a thread that ends amid a slice has not written it: ${when} its numbers`, () => {
    for (const slices of [1, 2, 3]) {
      const fake = new FakeThread("a");
      const count = () => {
        for (const name of ["first", "second", "third"]) {
          fake.add({ name }, {}, (cells) => void (cells[0] as number)++);
        }
      };
      for (let i = 0; i < slices; i++) {
        count();
        fake.writer.commit();
      }
      count();
      endAmidCommit(fake, when);
      const totals = totalsOf([fake]);
      const read = ["first", "second", "third"].map((name) => valuesOf(totals, name)["{}"]);
      assertEquals(read, [slices, slices, slices]);
    }
  });
}

Deno.test("each copy of a histogram gets what the other has, whichever buckets change", () => {
  const fake = new FakeThread("a");
  const cells = new Float64Array(SIZE);
  const mirror = fake.writer.add({
    name: "h",
    kind: "histogram",
    description: "",
    unit: "",
    combine: "sum",
    startTimeMs: 1,
    bounds: BOUNDS,
    numbers: SIZE,
  });
  const series = mirror.add({}, { cells, offset: 0 }, false);
  assert(series !== undefined);
  let seed = 1;
  for (let slice = 0; slice < 300; slice++) {
    for (let values = slice % 4; values > 0; values--) {
      seed = Math.imul(seed, 1_103_515_245) + 12_345 & 0x7fffffff;
      const bucket = (seed >>> 8) % (BOUNDS.length + 1);
      cells[0]!++;
      cells[4 + bucket]!++;
      mirror.touchBucket(series, bucket);
    }
    if (slice % 50 === 49) mirror.touch(series);
    fake.writer.commit();
    const [metric] = totalsOf([fake]).metrics;
    assert(metric?.kind === "histogram");
    assertEquals(metric.points[0]?.bucketCounts, [...cells.subarray(4)], `slice ${slice}`);
  }
});
