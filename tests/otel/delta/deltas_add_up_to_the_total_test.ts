import { assert, assertEquals } from "@std/assert";
import fc, { runs } from "../../support/properties.ts";
import type { Histogram } from "@opentelemetry/sdk-metrics";
import { type How, pushing, total } from "../../support/delta_pushes.ts";

const nanos = ([seconds, nanoseconds]: readonly [number, number]) =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);

const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), series: fc.nat(4), by: fc.nat(1_000) }),
  fc.record({ do: fc.constant("publish" as const), series: fc.nat(4), by: fc.nat(200) }),
  fc.record({
    do: fc.constant("push" as const),
    how: fc.constantFrom<How>("accepted", "refused", "thrown"),
  }),
);

Deno.test("deltas that were accepted add up to the total, whatever failed in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using pushed = pushing("delta");
      const { receiver, meter, bus } = pushed;
      const added = meter.createCounter("added");
      const recorded = meter.createHistogram("recorded");
      const level = meter.createUpDownCounter("level");
      let observed = 0;
      meter.createObservableCounter("observed").addCallback((result) => result.observe(observed));
      const expected = new Map<string, number>();
      const expect = (key: string, by: number) => expected.set(key, (expected.get(key) ?? 0) + by);
      let published = 0;
      let publishedSum = 0;
      for (const step of steps) {
        if (step.do === "push") await pushed.push(step.how);
        else if (step.do === "add") {
          added.add(step.by, { series: step.series });
          recorded.record(step.by);
          level.add(-step.by);
          observed += step.by;
          expect(`{"series":${step.series}}`, step.by);
        } else {
          bus.publish("order", { shop: `${step.series}`, total: step.by });
          published++;
          publishedSum += step.by;
        }
      }
      await pushed.push("accepted");

      for (const [key, value] of expected) {
        assertEquals(total(receiver.series("added").get(key)), value, key);
      }
      assertEquals(total(receiver.series("observed").get("{}")), observed);
      assertEquals(total([...receiver.series("orders").values()].flat()), published);
      const histograms = [
        ["totals", published, publishedSum],
        ["recorded", steps.filter(({ do: what }) => what === "add").length, observed],
      ] as const;
      for (const [name, count, sum] of histograms) {
        const values = (receiver.series(name).get("{}") ?? [])
          .map(({ value }) => value as Histogram);
        const add = (of: (value: Histogram) => number) => values.reduce((n, v) => n + of(v), 0);
        assertEquals([add((v) => v.count), add((v) => v.sum ?? NaN)], [count, sum]);
        assertEquals(add((v) => v.buckets.counts.reduce((a, b) => a + b, 0)), count);
        assert(values.every((value) => !("min" in value) && !("max" in value)));
      }
      // An up-down counter is sent as it is.
      assertEquals(
        observed + ((receiver.series("level").get("{}")?.at(-1)?.value ?? 0) as number),
        0,
      );
      for (const name of ["added", "observed", "orders", "totals", "recorded"]) {
        for (const points of receiver.series(name).values()) {
          points.forEach(({ startTime, endTime }, index) => {
            assert(nanos(startTime) <= nanos(endTime), "it ends before it starts");
            const before = points[index - 1];
            assert(!before || nanos(startTime) >= nanos(before.endTime), "two deltas overlap");
          });
        }
      }
    }),
    runs(60),
  );
});

Deno.test("an instrument of the SDK that comes after a producer's of its name mixes nothing up", async () => {
  await using pushed = pushing("delta");
  const { receiver, bus } = pushed;
  // The scope that a producer has, too.
  const meter = pushed.provider.getMeter("busbar");
  for (let i = 0; i < 5; i++) bus.publish("order", { shop: "a", total: 1 });
  await pushed.push("accepted");
  meter.createCounter("orders", { unit: "orders" }).add(1, { shop: "a" });
  await pushed.push("accepted");
  assertEquals(total([...receiver.series("orders").values()].flat()), 6);
});
