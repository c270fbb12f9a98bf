import { assert, assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { MemoryLogger } from "@busbar/busbar/testing";
import { capturedWarnings } from "../support/captured_warnings.ts";

Deno.test("it keeps what it is given, in order, and apart from any other's", () => {
  const [logger, other] = [new MemoryLogger(), new MemoryLogger()];
  assertEquals(logger.lines, []);
  for (const line of ["b", "a", "b", ""]) logger.warn(line);
  assertEquals(logger.lines, ["b", "a", "b", ""]);
  assertEquals(other.lines, []);
});

Deno.test("a bus that is given it writes its warnings there, and not to the console", async () => {
  using warnings = capturedWarnings();
  const logger = new MemoryLogger();
  const bus = new EventBus({ logger, maxQueueSize: 1 }).start();
  bus.publish("a");
  bus.publish("a");
  await bus.stop();
  assert(logger.lines[0]?.startsWith("busbar: lost 1 event "), logger.lines.join("\n"));
  assertEquals(warnings.lines, []);
});
