import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

const { duration, histogram, throughput } = declare();

Deno.test("a value has the same bucket in both units of a declaration", () => {
  const bytes = () => 1;
  const pairs = [
    [duration("a", "b", { unit: "s" }), duration("a", "b", { unit: "ms" }), 0.05, 50],
    [
      throughput("a", "b", { bytes, unit: "GB/s" }),
      throughput("a", "b", { bytes, unit: "By/s" }),
      2,
      2e9,
    ],
  ] as const;
  for (const [one, other, value, sameValue] of pairs) {
    for (const [{ buckets }, measured] of [[one, value], [other, sameValue]] as const) {
      assert((buckets[0] ?? NaN) < measured && measured < (buckets.at(-1) ?? NaN));
    }
  }
  const [gigabytes, plain] = [pairs[1][0].buckets, pairs[1][1].buckets];
  assertEquals(plain, gigabytes.map((bound) => Math.round(bound * 1e9)));
});

// Whoever draws a histogram relies on its bounds: others would be other series.
Deno.test("each unit has its bounds, whatever the metric", () => {
  const value = () => 1;
  const boundsOf = (unit: string) => histogram("a", { unit, value }).buckets;
  const seconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
  const milliseconds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1e3, 2_500, 5e3, 1e4];
  const ratio = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
  const rate = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100];
  const other = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1e3, 2_500, 5e3, 7_500, 1e4];
  assertEquals(boundsOf("s"), seconds);
  assertEquals(boundsOf("ms"), milliseconds);
  assertEquals(boundsOf("1"), ratio);
  assertEquals(boundsOf("GB/s"), rate);
  // From 256 bytes to a gibibyte, four times as much each.
  assertEquals(boundsOf("By"), Array.from({ length: 12 }, (_, i) => 256 * 4 ** i));
  for (const unit of ["", "chunks", "constructor"]) assertEquals(boundsOf(unit), other);
});
