import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { RecordingSubscriber } from "@busbar/busbar/testing";
import { nextTurn, quietBus } from "../support/quiet_bus.ts";

class Thrower extends EventSubscriber {
  getSubscriptions(): Subscriptions {
    return {
      a: () => {
        throw new Error("no");
      },
    };
  }
}

Deno.test("a throwing subscriber stops nobody and is counted by name", async () => {
  const { bus, lines } = quietBus();
  bus.start();
  const good = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(new Thrower());
  bus.registerSubscriber(good);
  for (let i = 0; i < 3; i++) bus.publish("a");
  await bus.flush();
  assertEquals(good.events.length, 3);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { Thrower: 3 });
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0] ?? "", "Thrower failed in a: no");
  await bus.stop();
});

Deno.test("the exception counts are a copy", async () => {
  const { bus } = quietBus();
  bus.start();
  bus.registerSubscriber(new Thrower());
  bus.publish("a");
  await bus.stop();
  bus.subscriberExceptionCounts()["Thrower"] = 100;
  assertEquals(bus.subscriberExceptionCounts()["Thrower"], 1);
});

Deno.test("rejections, listeners and bare handlers are isolated and counted", async () => {
  const { bus } = quietBus();
  bus.start();
  bus.subscribe("a", async function slow() {
    await null;
    throw new Error("rejected");
  });
  bus.subscribe("a", () => {
    throw "text";
  });
  bus.addEventListener("a", function heard() {
    throw new Error("listener");
  });
  bus.addEventListener("a", async function later() {
    await null;
    throw new Error("async listener");
  });
  bus.publish("a");
  await bus.flush();
  await nextTurn();
  assertEquals({ ...bus.subscriberExceptionCounts() }, {
    "slow": 1,
    "(anonymous)": 1,
    "heard": 1,
    "later": 1,
  });
  assertEquals((await bus.stop()).failures, 4);
});

Deno.test("a listener that inherits nothing is isolated too", async () => {
  const { bus } = quietBus();
  bus.start();
  const bare = Object.assign(Object.create(null), {
    handleEvent() {
      throw new Error("bare");
    },
  });
  bus.addEventListener("a", bare);
  bus.publish("a");
  await bus.stop();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { "(anonymous)": 1 });
});

Deno.test("a subscriber's async onDrain may reject", async () => {
  class Async extends EventSubscriber {
    getSubscriptions(): Subscriptions {
      return { a: () => {} };
    }
    override async onDrain(): Promise<void> {
      await null;
      throw new Error("later");
    }
  }
  const { bus } = quietBus();
  bus.start();
  bus.registerSubscriber(new Async());
  bus.publish("a");
  await bus.flush();
  await nextTurn();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { Async: 1 });
  await bus.stop();
});

Deno.test("a throwing shutdown, flush or onDrain does not stop the others", async () => {
  class Broken extends EventSubscriber {
    getSubscriptions(): Subscriptions {
      return { a: () => {} };
    }
    override onDrain(): void {
      throw new Error("onDrain");
    }
    override flush(): void {
      throw new Error("flush");
    }
    override shutdown(): Promise<void> {
      return Promise.reject(new Error("shutdown"));
    }
  }
  const { bus } = quietBus();
  bus.start();
  const good = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(new Broken());
  bus.registerSubscriber(good);
  bus.publish("a");
  const report = await bus.stop();
  assertEquals(good.calls, { onDrain: 1, flush: 1, shutdown: 1 });
  assertEquals(report.failures, 3);
  assertEquals(report.timedOut, false);
});

Deno.test("a throwing logger is counted, and a throwing clock replaced", async () => {
  const { bus } = quietBus({
    logger: {
      warn: () => {
        throw new Error("logger");
      },
    },
    clock: () => {
      throw new Error("clock");
    },
  });
  bus.start();
  const recorder = new RecordingSubscriber(["a"]);
  bus.registerSubscriber(recorder);
  const before = Date.now();
  bus.publish("a");
  await bus.stop();
  const counts = bus.subscriberExceptionCounts();
  assertEquals(counts["(logger)"], 1);
  assertEquals((counts["(clock)"] ?? 0) > 0, true);
  const timestamp = recorder.events[0]?.timestamp ?? 0;
  assertEquals(timestamp >= before && timestamp <= Date.now(), true);
});

Deno.test("a bad subscription map is refused and nothing is half-wired", () => {
  class Bad extends EventSubscriber {
    getSubscriptions(): Subscriptions {
      return { a: () => {}, b: "no" as unknown as () => void };
    }
  }
  const { bus } = quietBus();
  assertThrows(
    () => bus.registerSubscriber(new Bad()),
    TypeError,
    'Cannot register Bad: the handler of "b" must be a function, received "no"',
  );
  assertEquals(bus.hasSubscribers("a"), false);
  class BadForAll extends EventSubscriber {
    getSubscriptions(): Subscriptions {
      return { a: () => {} };
    }
    override onEvent = 5 as unknown as () => void;
  }
  assertThrows(
    () => bus.registerSubscriber(new BadForAll()),
    TypeError,
    "Cannot register BadForAll: the handler of undefined must be a function, received 5",
  );
  assertEquals(bus.hasSubscribers("a"), false);
});

Deno.test("a clock that returns no time is counted, and replaced like one that throws", async () => {
  for (const nonsense of [NaN, Infinity, undefined, "12"]) {
    const { bus, lines } = quietBus({ clock: () => nonsense as number });
    const recorder = new RecordingSubscriber();
    bus.registerSubscriber(recorder);
    const before = Date.now();
    bus.publish("a");
    await bus.stop();
    const { timestamp = NaN } = recorder.events[0] ?? {};
    assertEquals(timestamp >= before && timestamp <= Date.now(), true, `${nonsense}`);
    assertEquals((bus.subscriberExceptionCounts()["(clock)"] ?? 0) > 0, true);
    assertStringIncludes(
      lines[0] ?? "",
      `(clock) failed in reading the time: ${nonsense} is no time`,
    );
  }
});

Deno.test("a listener that is an object is named by its class", async () => {
  class Audit {
    handleEvent(): void {
      throw new Error("no");
    }
  }
  const { bus } = quietBus();
  bus.addEventListener("a", new Audit());
  bus.publish("a");
  await bus.stop();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { Audit: 1 });
});

Deno.test("an async handler that was skipped is called again once its calls have ended", async () => {
  const { bus } = quietBus({ maxInFlight: 1 });
  bus.start();
  const waiting: (() => void)[] = [];
  bus.subscribe("a", () => new Promise<void>((resolve) => waiting.push(resolve)));
  for (let i = 0; i < 3; i++) {
    bus.publish("a");
    bus.publish("a");
    await nextTurn();
    assertEquals(waiting.length, i + 1);
    waiting.at(-1)?.();
    await nextTurn();
  }
  await bus.stop();
});

Deno.test("a handler that is no function is refused", () => {
  const { bus } = quietBus();
  for (
    const subscribe of [() => bus.subscribe("a", 1 as never), () => bus.subscribeAll(1 as never)]
  ) {
    assertThrows(
      subscribe,
      TypeError,
      "Cannot subscribe EventBus: handler must be a function, received 1",
    );
  }
});
