import { assert, assertEquals } from "@std/assert";
import {
  COUNTER,
  FakeThread,
  SAME_CATALOG,
  totalsOf,
  valuesOf,
} from "../../support/thread_memories.ts";
import { ThreadTotals } from "../../../src/threads/memory/thread_totals.ts";
import type { Combine } from "../../../src/subscribers/metrics/mirror.ts";

Deno.test("counters of the same attributes are summed, whatever the order of their names", () => {
  const [a, b] = [new FakeThread("a"), new FakeThread("b")];
  a.count(1, { model: "m", route: "/" });
  b.count(2, { route: "/", model: "m" });
  b.count(4, { model: "other\nline", route: 'a"],[0' });
  assertEquals(valuesOf(totalsOf([a, b])), {
    '{"model":"m","route":"/"}': 3,
    '{"model":"other\\nline","route":"a\\"],[0"}': 4,
  });
});

Deno.test("histograms are summed, with their least and greatest values", () => {
  const threads = [new FakeThread("a"), new FakeThread("b"), new FakeThread("idle")];
  const record = (thread: number, value: number, bucket: number) => {
    threads[thread]?.add({ name: "h", kind: "histogram", bounds: [1, 2] }, {}, (cells) => {
      (cells[0] as number)++;
      (cells[1] as number) += value;
      cells[2] = cells[3] = value;
      (cells[4 + bucket] as number)++;
    });
    threads[thread]?.writer.commit();
  };
  record(0, 0.5, 0);
  record(1, 3, 2);
  threads[2]?.add({ name: "h", kind: "histogram", bounds: [1, 2] }, {}, (cells) => {
    cells[2] = Infinity;
    cells[3] = -Infinity;
  });
  threads[2]?.writer.commit();
  const [metric] = totalsOf(threads).metrics;
  assert(metric?.kind === "histogram");
  const { count, sum, min, max, bucketCounts } = metric.points[0] ?? {};
  assertEquals({ count, sum, min, max, bucketCounts }, {
    count: 2,
    sum: 3.5,
    min: 0.5,
    max: 3,
    bucketCounts: [1, 0, 1],
  });
});

for (
  const [combine, expected] of [
    ["sum", { "{}": 9 }],
    ["max", { "{}": 5 }],
    ["min", { "{}": 1 }],
    ["mean", { "{}": 3 }],
    ["thread", {
      '{"thread.name":"a"}': 3,
      '{"thread.name":"b"}': 5,
      '{"thread.name":"c"}': 1,
    }],
  ] as [Combine, Record<string, number>][]
) {
  Deno.test(`gauges are combined as they say: ${combine}`, () => {
    const threads = [["a", 3], ["b", 5], ["c", 1]].map(([name, value]) => {
      const thread = new FakeThread(name as string);
      thread.count(value as number, {}, { kind: "gauge", combine });
      return thread;
    });
    assertEquals(valuesOf(totalsOf(threads)), expected);
  });
}

Deno.test("a gauge that had nothing to read in a thread is that of the others", () => {
  const [a, b] = [new FakeThread("a"), new FakeThread("b")];
  a.count(NaN, {}, { kind: "gauge", combine: "mean" });
  b.count(4, {}, { kind: "gauge", combine: "mean" });
  assertEquals(valuesOf(totalsOf([a, b])), { "{}": 4 });
  assertEquals(valuesOf(totalsOf([a])), {});
});

Deno.test("what comes later is read later, each line once", () => {
  const thread = new FakeThread("a");
  const totals = new ThreadTotals(SAME_CATALOG);
  thread.count(1, { route: "/1" });
  totalsOf([thread], totals);
  thread.count(2, { route: "/2" });
  thread.count(1, { route: "/1" });
  assertEquals(valuesOf(totalsOf([thread], totals)), { '{"route":"/1"}': 2, '{"route":"/2"}': 2 });
});

Deno.test("a thread of another catalog is told, and not summed", () => {
  const [a, b] = [new FakeThread("a"), new FakeThread("b", { catalogHash: "00000000000000cd" })];
  a.count(1);
  b.count(2);
  const totals = totalsOf([a, b]);
  assertEquals([valuesOf(totals), totals.others], [{ "{}": 1 }, 1]);
});

for (const size of [{ cells: 15, textBytes: 2_000 }, { cells: 10_000, textBytes: 400 }]) {
  Deno.test(`what has no room is refused, but for the overflow's: ${size.cells} numbers`, () => {
    const thread = new FakeThread("a", size);
    const mirror = thread.writer.add(COUNTER);
    const add = (attributes: Record<string, number | boolean>, isOverflow: boolean) => {
      const added = mirror.add(attributes, { cells: new Float64Array([1]), offset: 0 }, isOverflow);
      thread.writer.commit();
      return added !== undefined;
    };
    const added = Array.from({ length: 50 }, (_, n) => add({ n }, false));
    const count = added.indexOf(false);
    assert(count > 0);
    assert(add({ "otel.metric.overflow": true }, true));
    assertEquals(Object.keys(valuesOf(totalsOf([thread]))).length, count + 1);
  });
}

Deno.test("of a memory that makes no sense what does is shown", () => {
  const thread = new FakeThread("a");
  thread.count(1);
  const { memory } = thread.member;
  const bytes = new Uint8Array(memory.buffer);
  const end = memory.int32[7] as number;
  const nonsense = new TextEncoder().encode(
    '{"a":1\n[0,-5,{}]\n[0,1e9,{}]\n[9,5000,{}]\n[0,5000,null]\n[99,"x",1,2,3,4,5]\nnull\n',
  );
  bytes.set(nonsense, end);
  Atomics.store(memory.int32, 7, end + nonsense.length);
  assertEquals(valuesOf(totalsOf([thread])), { "{}": 1 });
});
