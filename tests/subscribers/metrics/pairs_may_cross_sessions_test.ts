import { assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber } from "@busbar/busbar/subscribers";
import { quietBus } from "../../support/quiet_bus.ts";

const { duration, throughput } = declare();

Deno.test("with an operation id, pairs are found across sessions where that is declared, and nowhere else", async () => {
  const { bus } = quietBus();
  const bytes = ({ metadata }: { metadata: { bytes: number } }) => metadata.bytes;
  const subscriber = new MetricsSubscriber({
    metrics: {
      across: duration("start", "end", { acrossSessions: true }),
      moved: throughput("start", "end", { acrossSessions: true, unit: "By/s", bytes }),
      within: duration("start", "end"),
    },
  });
  bus.start().registerSubscriber(subscriber);
  const publish = (type: string, timestamp: number, sessionId: string, operationId = "") =>
    bus.publish(type, { bytes: 10 }, { timestamp, sessionId, operationId });
  publish("start", 0, "a", "x");
  publish("start", 0, "b", "y");
  publish("end", 1_000, "", "y");
  publish("end", 4_000, "c", "x");
  // Without an id, the session decides.
  publish("start", 0, "a");
  publish("start", 0, "b");
  publish("end", 8_000, "b");
  publish("end", 16_000, "c");
  await bus.flush();
  const sums = subscriber.collect().map(({ name, points }) => {
    const [point] = points;
    return [name, point !== undefined && "sum" in point ? point.sum : NaN];
  });
  assertEquals(sums, [["across", 1 + 4 + 8], ["moved", 10 + 2.5 + 1.25], ["within", 8]]);
  await bus.stop();
});

Deno.test("acrossSessions is true or false", () => {
  assertThrows(
    () => duration("start", "end", { acrossSessions: 1 as never }),
    TypeError,
    "Cannot declare a duration: acrossSessions must be true or false, received 1",
  );
});
