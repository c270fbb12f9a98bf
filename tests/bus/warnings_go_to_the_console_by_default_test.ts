import { assertEquals } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { capturedWarnings } from "../support/captured_warnings.ts";

Deno.test("without a logger the losses and failures of a bus go to the console", async () => {
  using warnings = capturedWarnings();
  const bus = new EventBus({ maxQueueSize: 1, logger: undefined }).start();
  bus.subscribe("a", function broken() {
    throw new Error("no");
  });
  bus.publish("a");
  bus.publish("a");
  await bus.stop();
  const begins = ["busbar: lost 1 event (", "busbar: broken failed in a: no"];
  for (const beginning of begins) {
    assertEquals(warnings.lines.filter((line) => line.startsWith(beginning)).length >= 1, true);
  }
});
