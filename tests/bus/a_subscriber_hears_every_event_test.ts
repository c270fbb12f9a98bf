import { assertEquals } from "@std/assert";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { quietBus } from "../support/quiet_bus.ts";

/** Notes which of its methods hear what, and who else does. */
class Everything extends EventSubscriber {
  readonly #heard: string[];

  constructor(heard: string[]) {
    super();
    this.#heard = heard;
  }

  getSubscriptions(): Subscriptions {
    return { a: () => void this.#heard.push("handler of a") };
  }

  override onEvent({ type }: { type: string }): void {
    if (type === "bad") throw new Error("no");
    this.#heard.push(`onEvent of ${type}`);
  }
}

Deno.test("onEvent hears every event, after the handlers of its type and before listeners", async () => {
  await using bus = new EventBus().start();
  const heard: string[] = [];
  bus.addEventListener("a", () => void heard.push("listener of a"));
  bus.registerSubscriber(new Everything(heard));
  bus.subscribe("a", () => void heard.push("subscriber of a"));
  bus.publish("a");
  bus.publish("b");
  await bus.flush();
  assertEquals(heard, [
    "handler of a",
    "subscriber of a",
    "onEvent of a",
    "listener of a",
    "onEvent of b",
  ]);
});

Deno.test("a type that onEvent alone hears has subscribers, until it is unregistered", async () => {
  await using bus = new EventBus().start();
  const heard: string[] = [];
  const registration = bus.registerSubscriber(new Everything(heard));
  assertEquals(bus.hasSubscribers("b"), true);
  registration[Symbol.dispose]();
  assertEquals(bus.hasSubscribers("b"), false);
  bus.publish("b");
  await bus.flush();
  assertEquals(heard, []);
});

Deno.test("an onEvent that throws is counted under its subscriber, and stops nobody", async () => {
  const { bus } = quietBus();
  const heard: string[] = [];
  bus.start().registerSubscriber(new Everything(heard));
  const recorder = new RecordingSubscriber(["bad"]);
  bus.registerSubscriber(recorder);
  bus.publish("bad");
  bus.publish("b");
  await bus.stop();
  assertEquals(bus.subscriberExceptionCounts(), { Everything: 1 });
  assertEquals([heard, recorder.types], [["onEvent of b"], ["bad"]]);
});

Deno.test("a recording subscriber without types keeps every event", async () => {
  const bus = new EventBus().start();
  const recorder = new RecordingSubscriber();
  bus.registerSubscriber(recorder);
  for (const type of ["a", "b", "a"]) bus.publish(type);
  await bus.stop();
  assertEquals(recorder.types, ["a", "b", "a"]);
});

Deno.test("onEvent is looked up once, at the registration", async () => {
  await using bus = new EventBus().start();
  const heard: string[] = [];
  class Replaced extends EventSubscriber {
    override onEvent?: () => void = () => void heard.push("first");
    getSubscriptions(): Subscriptions {
      return {};
    }
  }
  const [replaced, late] = [new Replaced(), new Replaced()];
  delete late.onEvent;
  bus.registerSubscriber(replaced);
  bus.registerSubscriber(late);
  replaced.onEvent = late.onEvent = () => void heard.push("second");
  bus.publish("a");
  await bus.flush();
  assertEquals(heard, ["first"]);
});
