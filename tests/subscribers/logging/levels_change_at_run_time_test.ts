import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare, type LogLevel } from "@busbar/busbar/catalog";
import { LoggingSubscriber, subscribeCatalog } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

interface Events {
  read: undefined;
  miss: undefined;
  any: { level: LogLevel };
}
const { catalog } = declare<Events>();
const shop = catalog({
  logs: {
    read: { level: "debug" },
    miss: { level: "info" },
    any: { level: ({ metadata }) => metadata.level },
  },
});

function subscribed() {
  const types: string[] = [];
  const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
  const subscription = subscribeCatalog(bus, shop, {
    sink: ({ eventType }) => void types.push(eventType),
  });
  /** What is logged of one event of each type. */
  const logged = async () => {
    bus.publish("read");
    bus.publish("miss");
    bus.publish("any", { level: "trace" });
    await bus.flush();
    return types.splice(0);
  };
  return { bus, subscription, logged };
}

Deno.test("a level that is set holds from then on, for all types or for one", async () => {
  const { bus, subscription, logged } = subscribed();
  assertEquals(await logged(), ["miss"]);
  subscription.setLogLevel("debug");
  assertEquals(await logged(), ["read", "miss"]);
  subscription.setLogLevel("error");
  assertEquals(await logged(), []);
  // One type's own level stays when that of the others changes.
  subscription.setLogLevel("trace", "any");
  assertEquals(await logged(), ["any"]);
  subscription.setLogLevel(undefined);
  assertEquals(await logged(), ["miss", "any"]);
  subscription.setLogLevel(undefined, "any");
  assertEquals(await logged(), ["miss"]);
  await bus.stop();
});

Deno.test("a type below its level is not subscribed to, whatever it was before", async () => {
  const { bus, subscription } = subscribed();
  const subscribedTo = () => [bus.hasSubscribers("read"), bus.hasSubscribers("miss")];
  assertEquals(subscribedTo(), [false, true]);
  subscription.setLogLevel("debug", "read");
  assertEquals(subscribedTo(), [true, true]);
  subscription.setLogLevel("warn");
  subscription.setLogLevel("info", "read");
  assertEquals(subscribedTo(), [false, false]);
  await bus.stop();
});

Deno.test("an event that waits is logged by the level at its dispatch, once", async () => {
  const { bus, subscription, logged } = subscribed();
  bus.publish("read");
  subscription.setLogLevel("debug");
  assertEquals(await logged(), ["read", "read", "miss"]);
  await bus.stop();
});

Deno.test("what has ended is not begun again", async () => {
  const { bus, subscription, logged } = subscribed();
  await bus.stop();
  subscription.setLogLevel("trace");
  bus.start();
  assertEquals([await logged(), bus.hasSubscribers("read")], [[], false]);
  await bus.stop();
  const other = subscribed();
  other.subscription[Symbol.dispose]();
  other.subscription.setLogLevel("trace");
  assertEquals([await other.logged(), other.bus.hasSubscribers("read")], [[], false]);
  await other.bus.stop();
});

Deno.test("what is no level, and a type that is not logged, are refused", async () => {
  const { bus, subscription } = subscribed();
  assertThrows(() => subscription.setLogLevel("loud" as LogLevel), TypeError, "level must be one");
  assertThrows(
    () => subscription.setLogLevel("info", "raed"),
    TypeError,
    'Cannot set the log level: type must be one that is logged, received "raed"',
  );
  await bus.stop();
});

Deno.test("a subscriber of one's own says when it has to be registered again", async () => {
  const types: string[] = [];
  const logging = new LoggingSubscriber<Events>({
    logs: shop.logs,
    sink: ({ eventType }) => void types.push(eventType),
  });
  // It is subscribed to nothing yet.
  assertEquals(logging.setMinLevel("warn"), false);
  const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
  let registration = bus.registerSubscriber(logging);
  assertEquals([logging.setMinLevel("error"), logging.setMinLevel("debug")], [false, true]);
  registration[Symbol.dispose]();
  registration = bus.registerSubscriber(logging);
  assertEquals(logging.setMinLevel("debug"), false);
  bus.publish("read");
  await bus.stop();
  assertEquals([types, logging.setMinLevel("fatal")], [["read"], false]);
});
