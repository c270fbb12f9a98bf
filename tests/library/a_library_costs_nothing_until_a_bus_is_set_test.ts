import { assert, assertEquals } from "@std/assert";
import { EventBus, EventSubscriber, setEventBus, type Subscriptions } from "@busbar/busbar";
import { getEventBus } from "@busbar/busbar/library";
import { MemoryLogger } from "@busbar/busbar/testing";

class Listening extends EventSubscriber {
  override readonly name = "Listening";
  getSubscriptions(): Subscriptions {
    throw new Error("a disabled bus asks for nothing");
  }
}

Deno.test("until a bus is set, the process's bus does what a disabled one does", async () => {
  const unset = getEventBus();
  const disabled = new EventBus({ enabled: false, logger: new MemoryLogger() });
  const results = async (bus: EventBus) => {
    const handler = () => {
      throw new Error("nothing is dispatched");
    };
    bus.subscribe("a", handler)[Symbol.dispose]();
    bus.subscribeAll(handler)[Symbol.dispose]();
    bus.registerSubscriber(new Listening())[Symbol.dispose]();
    bus.addEventListener("a", handler);
    assert(bus.start() === bus);
    const seen = {
      publish: bus.publish("a", 1),
      hasSubscribers: bus.hasSubscribers("a"),
      enabled: bus.enabled,
      flushSync: bus.flushSync(),
      flush: await bus.flush(),
      stop: await bus.stop(),
      stats: { ...bus.stats(), lostByType: { ...bus.stats().lostByType } },
      exceptions: bus.subscriberExceptionCounts(),
      slow: bus.slowHandlerCounts(),
      depth: [bus.queueDepth, bus.oldestEventLagMs, bus.droppedEventsCount],
    };
    bus.removeEventListener("a", handler);
    await bus[Symbol.asyncDispose]();
    return JSON.stringify(seen);
  };
  assertEquals(await results(unset), await results(disabled));
});

Deno.test("a library that fetches the bus at each publish finds the one that is set later", async () => {
  const read = (key: string) => getEventBus<{ "read": { key: string } }>().publish("read", { key });
  assertEquals(read("a"), false);
  await using bus = new EventBus<{ "read": { key: string } }>({ logger: new MemoryLogger() });
  setEventBus(bus.start());
  const keys: string[] = [];
  bus.subscribe("read", (event) => keys.push(event.metadata.key));
  assertEquals(read("b"), true);
  await bus.flush();
  assertEquals(keys, ["b"]);
});
