import { assert, assertEquals } from "@std/assert";
import {
  DEFAULT_EVENT_BUS_OPTIONS,
  EventBus,
  getEventBus,
  initEventBus,
  isObservabilityEnabled,
  setEventBus,
} from "@busbar/busbar";

Deno.test("the global bus is disabled until initialised, and can be replaced", async () => {
  assertEquals(isObservabilityEnabled(), false);
  assertEquals(getEventBus().publish("a"), false);
  const bus = initEventBus();
  assert(getEventBus() === bus);
  assertEquals(isObservabilityEnabled(), true);
  assertEquals(bus.maxQueueSize, 10_000);
  assertEquals(DEFAULT_EVENT_BUS_OPTIONS.maxQueueSize, 10_000);
  assertEquals(getEventBus().publish("a"), true);
  await bus.stop();
  const other = new EventBus({ enabled: false });
  setEventBus(other);
  assert(getEventBus() === other);
  assertEquals(isObservabilityEnabled(), false);
});

Deno.test("a second copy of the module has the same global bus", async () => {
  // A query makes it a module of its own, as another version of the package is.
  const entry = import.meta.resolve("@busbar/busbar");
  const extension = entry.slice(entry.lastIndexOf("."));
  const { href } = new URL(`./src/library/get_event_bus${extension}?copy`, entry);
  const copy: { getEventBus: () => EventBus } = await import(href);
  assert(copy.getEventBus !== (getEventBus as unknown));
  assert(copy.getEventBus() === getEventBus());
  await using bus = initEventBus();
  assert(copy.getEventBus() === bus);
  setEventBus(new EventBus({ enabled: false }));
});
