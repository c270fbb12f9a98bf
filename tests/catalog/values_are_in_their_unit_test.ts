import { assertEquals } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";

const { duration, throughput } = declare<{ start: undefined; end: { bytes: number } }>();
const EVENT = {
  timestamp: 0,
  sessionId: "",
  operationId: "",
  traceparent: undefined,
  tracestate: undefined,
};
const start = { ...EVENT, type: "start", metadata: undefined };
const end = { ...EVENT, type: "end", metadata: { bytes: 3e9 } };

Deno.test("a throughput is in 10^9 bytes a second, or in bytes a second", () => {
  const bytes = (event: { metadata: { bytes: number } }) => event.metadata.bytes;
  const over = (ms: number, unit?: "GB/s" | "By/s") =>
    throughput("start", "end", { bytes, unit }).value(end, start, ms);
  assertEquals([over(1_000), over(1_000, "GB/s"), over(1_000, "By/s")], [3, 3, 3e9]);
  assertEquals([over(500), over(2_000, "By/s")], [6, 1.5e9]);
});

Deno.test("a duration is in seconds, or in milliseconds", () => {
  const over = (ms: number, unit?: "s" | "ms") =>
    duration("start", "end", { unit }).value(end, start, ms);
  assertEquals([over(1_500), over(1_500, "s"), over(1_500, "ms")], [1.5, 1.5, 1_500]);
});
