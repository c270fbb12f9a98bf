import { assertEquals } from "@std/assert";
import { loggingBus } from "../../support/logging_bus.ts";

const A = "a".repeat(16_000);
const LONG = A + "b".repeat(31);
const CUT = `${A}… (31 more)`;

Deno.test("texts of more than 16,030 characters are cut at 16,000, with how much was cut, and are counted", async () => {
  const { bus, records, subscriber } = loggingBus({
    logs: { a: { level: "info", body: () => LONG } },
  });
  const whole = "a".repeat(16_030);
  const metadata = { text: LONG, whole, deep: [{ text: LONG }], [LONG]: 1, error: LONG };
  bus.publish("a", metadata, { sessionId: LONG, operationId: LONG });
  await bus.stop();
  const [record] = records;
  assertEquals(record?.attributes, {
    text: CUT,
    whole,
    deep: [{ text: CUT }],
    [CUT]: 1,
    error: CUT,
  });
  assertEquals([record?.body, record?.sessionId, record?.operationId], [CUT, CUT, CUT]);
  assertEquals(subscriber.stats().cutTexts, 7);
});

Deno.test("a secret that stands where a text is cut is not shown by half", async () => {
  const { bus, records } = loggingBus({ redact: ["token"] });
  const text = `${"x".repeat(15_990)} https://u:secret@h/?token=verysecret ${"y".repeat(100)}`;
  bus.publish("a", { text });
  await bus.stop();
  const shown = String(records[0]?.attributes["text"]);
  assertEquals(shown.slice(15_990, 16_001), " https://[…");
  assertEquals(shown.includes("secr"), false);
});
