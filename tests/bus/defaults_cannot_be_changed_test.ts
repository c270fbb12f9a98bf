import { assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_EVENT_BUS_OPTIONS, EventBus } from "@busbar/busbar";

Deno.test("nobody changes the defaults of a bus for all others", () => {
  const before = { ...DEFAULT_EVENT_BUS_OPTIONS };
  for (const name of [...Object.keys(before), "other"]) {
    assertThrows(() => Object.assign(DEFAULT_EVENT_BUS_OPTIONS, { [name]: 1 }), TypeError);
  }
  assertEquals({ ...DEFAULT_EVENT_BUS_OPTIONS }, before);
  assertEquals(new EventBus().maxQueueSize, before.maxQueueSize);
});
