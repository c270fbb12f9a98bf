import { assertEquals } from "@std/assert";
import { convert, orders } from "../../support/delta_pushes.ts";
import { buckets, histogram, point } from "../../support/metric_data.ts";

Deno.test("a source that starts over is sent whole, from its new start where that is known", async () => {
  assertEquals(
    await convert([
      [orders(["a", 100, 110, 5])],
      [orders(["a", 115, 120, 8])], // a new start, though it is above what was there
      [orders(["a", 115, 130, 2])], // it went down: somewhere in between
      [orders(["a", 140, 140, 1])], // as the SDK's observable counters do
      [orders(["a", 141, 150, 3])],
      [orders(["a", 141, 145, 4])], // the clock was set back
    ]),
    [
      ["a", 100, 110, 5],
      ["a", 115, 120, 8],
      ["a", 120, 130, 2],
      ["a", 130, 140, 1],
      ["a", 141, 150, 3],
      ["a", 145, 145, 1],
    ],
  );
});

Deno.test("a start that wavers is no new one", async () => {
  assertEquals(
    await convert([[orders(["a", 100, 110, 5])], [orders(["a", 101, 120, 7])]]),
    [["a", 100, 110, 5], ["a", 110, 120, 2]],
  );
});

Deno.test("a histogram whose buckets change, or lose values, starts over", async () => {
  const totals = (end: number, bounds: number[], counts: number[]) =>
    histogram({ name: "totals" }, [{
      ...point({ ...buckets(bounds, counts, 1), min: 1, max: 2 }),
      endTime: [end, 0],
    }]);
  assertEquals(
    await convert([
      [totals(1, [1, 2], [1, 2, 3])],
      [totals(2, [1, 2], [2, 2, 4])],
      [totals(3, [1, 5], [2, 3, 4])],
      [totals(4, [1, 5], [9, 2, 4])],
    ]),
    [[0, 1, [1, 2, 3]], [1, 2, [1, 0, 1]], [2, 3, [2, 3, 4]], [3, 4, [9, 2, 4]]],
  );
});

Deno.test("a series that 1,000 pushes in a row did not hold is forgotten", async () => {
  const others = (count: number) =>
    Array.from({ length: count }, (_, index) => [orders(["b", 100, 200 + index, 1 + index])]);
  const ofA = (points: unknown[][]) => points.filter(([shop]) => shop === "a");
  assertEquals(
    ofA(
      await convert([[orders(["a", 100, 110, 5])], ...others(998), [
        orders(["a", 100, 9_000, 6]),
      ]]),
    ),
    [["a", 100, 110, 5], ["a", 110, 9_000, 1]],
  );
  // It has to start over then, or is counted again.
  assertEquals(
    ofA(
      await convert([[orders(["a", 100, 110, 5])], ...others(2_000), [
        orders(["a", 100, 9_000, 6]),
      ]]),
    ),
    [["a", 100, 110, 5], ["a", 2_199, 9_000, 6]],
  );
});
