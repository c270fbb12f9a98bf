import { assert, assertEquals, assertThrows } from "@std/assert";
import { COUNTER, FakeThread, totalsOf, valuesOf } from "../../support/thread_memories.ts";
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

class Terminated extends Error {}

/** Has a thread end in its next commit, before the one word that shows it. */
function endBehindNumbers(commit: () => void): void {
  const { store } = Atomics;
  try {
    Atomics.store = () => {
      throw new Terminated();
    };
    assertThrows(commit, Terminated);
  } finally {
    Atomics.store = store;
  }
}

for (const when of ["amid", "behind"] as const) {
  Deno.test(`a thread that ends in a slice has not written it: ${when} its numbers`, () => {
    for (const slices of [1, 2, 3]) {
      const fake = new FakeThread("a");
      let ends = false;
      const series = ["first", "second", "third"].map((name) => {
        const mirror = fake.writer.add({ ...COUNTER, name });
        const cells = new Float64Array(1);
        // What is read of the second one, when the first is written.
        const read = new Proxy(cells, {
          get: (target, index) => {
            if (ends && name === "second") throw new Terminated();
            return Reflect.get(target, index);
          },
        });
        const mirrored = mirror.add({}, { cells: read, offset: 0 }, false);
        assert(mirrored !== undefined);
        return { cells, touch: () => mirror.touch(mirrored) };
      });
      const count = () => {
        for (const { cells, touch } of series) {
          cells[0]!++;
          touch();
        }
      };
      for (let i = 0; i < slices; i++) {
        count();
        fake.writer.commit();
      }
      count();
      ends = when === "amid";
      if (ends) assertThrows(() => fake.writer.commit(), Terminated);
      else endBehindNumbers(() => fake.writer.commit());
      const totals = totalsOf([fake]);
      const read = ["first", "second", "third"].map((name) => valuesOf(totals, name)["{}"]);
      assertEquals(read, [slices, slices, slices]);
    }
  });
}

Deno.test("a series that is written while its stamps are looked at is read again, as of one slice", () => {
  const { load } = Atomics;
  for (let at = 1; at <= 8; at++) {
    for (const slices of [1, 2, 3]) {
      const { memory, base, writeSlice } = thread();
      writeSlice();
      let looks = 0;
      const into: number[] = [];
      try {
        Atomics.load = ((...args: Parameters<typeof load>) => {
          if (++looks === at) { for (let i = 0; i < slices; i++) writeSlice(); }
          return load(...args);
        }) as typeof load;
        assert(readSeries(memory, base, SIZE, into));
      } finally {
        Atomics.load = load;
      }
      assertEquals(new Set(into).size, 1, `torn at look ${at} after ${slices}: ${into}`);
    }
  }
});

Deno.test("a series that a slice was just writing is not read while the next one writes it", () => {
  const COMMITTED = 6;
  const BASE = 8;
  const numbers = 3;
  for (let at = 0; at < numbers; at++) {
    const buffer = new SharedArrayBuffer(256);
    const [int32, float64] = [new Int32Array(buffer), new Float64Array(buffer)];
    const write = (copy: number, slice: number) => {
      int32[2 * BASE + copy] = slice;
      float64.fill(slice, BASE + 1 + copy * numbers, BASE + 1 + (copy + 1) * numbers);
    };
    write(0, 1);
    int32[COMMITTED] = 1;
    // The second slice has been written, but for the word that shows it.
    write(1, 2);
    let isFirst = true;
    const into = interrupted((index) => {
      if (index !== at || !isFirst) return;
      isFirst = false;
      int32[COMMITTED] = 2;
      write(0, 3);
    });
    assert(readSeries({ int32, float64 }, BASE, numbers, into));
    assertEquals(Array.from({ length: numbers }, (_, i) => into[i]), [2, 2, 2]);
  }
});

Deno.test("a thread that ended in a slice is read all the same, while others are", () => {
  // Its newer copy is of a slice that nobody is shown.
  const { memory, base, writeSlice } = thread();
  endBehindNumbers(writeSlice);
  const into: number[] = [];
  assert(readSeries(memory, base, SIZE, into));
  assertEquals(new Set(into), new Set([1]));
});

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
