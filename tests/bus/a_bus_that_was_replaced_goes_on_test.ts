import { assert, assertEquals } from "@std/assert";
import { EventBus, getEventBus, initEventBus, setEventBus } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";

for (
  const [how, replace] of [
    ["initEventBus", () => initEventBus()],
    ["setEventBus", () => {
      const bus = new EventBus();
      setEventBus(bus);
      return bus;
    }],
  ] as const
) {
  Deno.test(`${how} does not stop the bus that was the process's before`, async () => {
    await using before = initEventBus();
    const recorder = new RecordingSubscriber();
    before.registerSubscriber(recorder);
    await using after = replace();
    assert(getEventBus() === after && after !== before);
    assertEquals(before.publish("a"), true);
    assertEquals(await before.flush(), true);
    assertEquals([recorder.types, recorder.calls.shutdown], [["a"], 0]);
    setEventBus(new EventBus({ enabled: false }));
  });
}

Deno.test("initEventBus starts the bus with its options, setEventBus starts none", async () => {
  await using started = initEventBus({ maxQueueSize: 5 });
  await using waiting = new EventBus();
  setEventBus(waiting);
  const heard: unknown[] = [];
  for (const bus of [started, waiting]) {
    bus.subscribe("a", () => heard.push(bus));
    bus.publish("a");
  }
  await Promise.resolve();
  assertEquals([started.maxQueueSize, heard.length, heard[0] === started], [5, 1, true]);
  setEventBus(new EventBus({ enabled: false }));
});
