import { assertEquals } from "@std/assert";
import type { Attributes } from "@busbar/busbar/subscribers";
import { convert, orders } from "../../support/delta_pushes.ts";
import { point, sum } from "../../support/metric_data.ts";

Deno.test("a delta begins where the last one that was accepted ended", async () => {
  assertEquals(
    await convert([
      [orders(["a", 100, 110, 5])],
      [orders(["a", 100, 120, 7])],
      ["refused", orders(["a", 100, 130, 9])],
      // A series that appears later has not begun before the last push that was accepted.
      [orders(["a", 100, 140, 10], ["b", 100, 140, 3])],
      // What is unchanged is not sent again, and what comes next begins after that.
      [orders(["a", 100, 150, 10], ["b", 100, 150, 4])],
      [orders(["a", 100, 160, 12])],
    ]),
    [
      ["a", 100, 110, 5],
      ["a", 110, 120, 2],
      ["a", 120, 140, 3],
      ["b", 120, 140, 3],
      ["b", 140, 150, 1],
      ["a", 150, 160, 2],
    ],
  );
});

Deno.test("the first observation of a counter that does not know its start is no instant", async () => {
  assertEquals(
    await convert([
      [orders(["a", 100, 110, 5])],
      [orders(["a", 100, 120, 5], ["b", 120, 120, 3])],
      // A push that was split: the first half has been accepted, up to this very moment.
      [orders(["a", 100, 130, 6])],
      [orders(["c", 100, 130, 1])],
    ]),
    [["a", 100, 110, 5], ["b", 110, 120, 3], ["a", 120, 130, 1], ["c", 100, 130, 1]],
  );
});

Deno.test("two metrics of one name, as of the SDK and a producer, are kept apart", async () => {
  const other = (end: number, value: number) => orders(["a", 100, end, value]);
  assertEquals(
    await convert([[other(110, 5), other(110, 50)], [other(120, 6), other(120, 70)]]),
    [["a", 100, 110, 5], ["a", 100, 110, 50], ["a", 110, 120, 1], ["a", 110, 120, 20]],
  );
});

Deno.test("a series is known by its attributes, whatever their order", async () => {
  const ordered = (attributes: Attributes, end: number, value: number) =>
    sum({ name: "orders" }, [{ ...point(value, attributes), endTime: [end, 0] }]);
  assertEquals(
    await convert([
      [ordered({ a: "1", b: "2" }, 1, 5)],
      [ordered({ b: "2", a: "1" }, 2, 7)],
      [ordered({ a: 1, b: "2" }, 3, 1)],
    ]),
    [["1", "2", 0, 1, 5], ["2", "1", 1, 2, 2], [1, "2", 2, 3, 1]],
  );
});
