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

/** Commits, and ends with the third series that it writes. */
function endAmidCommit(fake: FakeThread): void {
  let stores = 0;
  const { store } = Atomics;
  class Terminated extends Error {}
  try {
    Atomics.store = ((...args: Parameters<typeof store>) => {
      if (++stores === 3) throw new Terminated();
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

for (const slices of [1, 2, 3]) {
  Deno.test(`a thread that ends amid a slice has not written it: after ${slices}`, () => {
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
    endAmidCommit(fake);
    const totals = totalsOf([fake]);
    const read = ["first", "second", "third"].map((name) => valuesOf(totals, name)["{}"]);
    assertEquals(read, [slices, slices, slices]);
  });
}
