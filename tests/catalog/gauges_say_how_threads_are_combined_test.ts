import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

const { gauge, counter, histogram } = declare<{ seen: { value: number } }>();

Deno.test("a gauge says how the values of several threads are combined", () => {
  assertEquals(gauge({ read: () => 1, combine: "max" }).combine, "max");
  const value = () => 1;
  assertEquals(gauge("seen", { value, combine: "mean" }).combine, "mean");
  assertEquals(gauge("seen", { value }).combine, undefined);
});

Deno.test("what is no way to combine is refused, and so is one for what is summed", () => {
  assertThrows(
    // @ts-expect-error -- there is no such way
    () => gauge({ read: () => 1, combine: "last" }),
    TypeError,
    'combine must be one of sum, max, min, mean, thread, received "last"',
  );
  // @ts-expect-error -- it is summed
  assertThrows(() => counter("seen", { combine: "max" }), TypeError, "combine");
  assertThrows(
    // @ts-expect-error -- it is summed
    () => histogram("seen", { value: () => 1, combine: "max" }),
    TypeError,
    "combine",
  );
});
