import { assertEquals } from "@std/assert";
import {
  EventBus,
  EventSubscriber,
  type SubscriptionContext,
  type Subscriptions,
} from "@busbar/busbar";
import type { EventSubscriber as AnySubscriber } from "@busbar/busbar/library";
import { ManualClock } from "@busbar/busbar/testing";

interface Events {
  "a": undefined;
}

class Asking extends EventSubscriber<Events> {
  now: (() => number) | undefined;
  override getSubscriptions({ now }: SubscriptionContext): Subscriptions<Events> {
    this.now = now;
    return {};
  }
}

class Plain extends EventSubscriber<Events> {
  override getSubscriptions(): Subscriptions<Events> {
    return {};
  }
}

const bare: AnySubscriber<Events> = { name: "bare", getSubscriptions: () => ({}) };

Deno.test("a subscriber is given the bus's clock, and need not ask for it", async () => {
  const clock = new ManualClock(7);
  const bus = new EventBus<Events>({ clock: clock.now });
  const asking = new Asking();
  for (const subscriber of [asking, new Plain(), bare]) bus.registerSubscriber(subscriber);
  assertEquals(asking.now?.(), 7);
  await bus.stop();
});

Deno.test("the clock that it is given does not throw", async () => {
  const bus = new EventBus<Events>({
    clock: () => {
      throw new Error("a clock");
    },
    logger: { warn() {} },
  });
  const asking = new Asking();
  bus.registerSubscriber(asking);
  assertEquals(Number.isFinite(asking.now?.()), true);
  await bus.stop();
});
