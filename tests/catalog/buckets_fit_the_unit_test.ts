import { assert, assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

const { duration, throughput } = declare();

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
