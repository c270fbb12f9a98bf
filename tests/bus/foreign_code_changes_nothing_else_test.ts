import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { EventBus, EventSubscriber } from "@busbar/busbar";
import { MemoryLogger, RecordingSubscriber } from "@busbar/busbar/testing";
import { nextTurn } from "../support/quiet_bus.ts";

const fail = (): never => {
  throw new Error("no");
};

/** Handlers and listeners whose name is none. */
const NAMELESS: Readonly<Record<string, () => () => unknown>> = {
  "throws": () => Object.defineProperty(() => {}, "name", { get: fail }),
  "is no text": () => Object.defineProperty(() => {}, "name", { value: 5 }),
  "is behind a proxy that throws": () =>
    new Proxy(() => {}, {
      get(target, key) {
        if (key === "name") fail();
        return Reflect.get(target, key);
      },
    }),
};

for (const [what, create] of Object.entries(NAMELESS)) {
  Deno.test(`a handler whose name ${what} is called, and counted without one`, async () => {
    const bus = new EventBus({ logger: new MemoryLogger() }).start();
    const handler = create();
    bus.subscribe("a", handler);
    bus.addEventListener("a", handler);
    bus.publish("a");
    assertEquals((await bus.stop()).delivered, 1);
    assertEquals({ ...bus.subscriberExceptionCounts() }, {});
  });
}

Deno.test("a subscriber whose name throws is counted without one", async () => {
  class Nameless extends EventSubscriber {
    constructor() {
      super();
      Object.defineProperty(this, "name", { get: fail });
    }
    getSubscriptions() {
      return { a: fail };
    }
    override flush = fail;
  }
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  bus.registerSubscriber(new Nameless());
  bus.publish("a");
  await bus.stop();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { "(anonymous)": 2 });
});

Deno.test("a listener object whose constructor throws is isolated", async () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  bus.addEventListener(
    "a",
    Object.defineProperty({ handleEvent: fail }, "constructor", { get: fail }),
  );
  bus.publish("a");
  await bus.stop();
  assertEquals({ ...bus.subscriberExceptionCounts() }, { "(anonymous)": 1 });
});

/** What handlers return that is no honest promise, and how often each fails. */
const RESULTS: Readonly<Record<string, readonly [create: () => unknown, failures: number]>> = {
  "a thenable that settles twice": [() => ({
    then(done: () => void, failed: (error: unknown) => void) {
      done();
      failed(new Error("too late"));
    },
  }), 0],
  "a thenable that rejects twice": [() => ({
    then(_done: () => void, failed: (error: unknown) => void) {
      failed(new Error("no"));
      failed(new Error("no"));
    },
  }), 1],
  "a then that throws": [() => ({ then: fail }), 1],
  "a then that is a getter that throws": [
    () => Object.defineProperty({}, "then", { get: fail }),
    1,
  ],
  "a proxy that throws": [() => new Proxy({}, { has: fail, get: fail }), 1],
  "a promise whose own then lies": [
    () => Object.assign(Promise.resolve(), { then: fail }),
    0,
  ],
  "a promise of a lying species": [
    () => Object.assign(Promise.resolve(), { constructor: { [Symbol.species]: fail } }),
    1,
  ],
  "a proxy of a promise": [() => new Proxy(Promise.resolve(), {}), 1],
  "a then that is no function": [() => ({ then: 5 }), 0],
};

for (const [what, [create, failures]] of Object.entries(RESULTS)) {
  Deno.test(`${what} is counted as what it is, and holds nobody up`, async () => {
    const bus = new EventBus({ logger: new MemoryLogger(), maxInFlight: 2 }).start();
    bus.subscribe("a", function handler() {
      return create();
    });
    const recorder = new RecordingSubscriber(["a"]);
    bus.registerSubscriber(recorder);
    for (let i = 0; i < 3; i++) {
      bus.publish("a");
      await nextTurn();
    }
    assertEquals(await bus.flush(), true);
    const counts = failures === 0 ? {} : { handler: 3 * failures };
    assertEquals({ ...bus.subscriberExceptionCounts() }, counts);
    assertEquals([recorder.events.length, { ...bus.stats().skippedBySubscriber }], [3, {}]);
    await bus.stop();
  });
}

Deno.test("a flush is not done while a handler runs whose promise says that it is", async () => {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  const { promise, resolve } = Promise.withResolvers<void>();
  const lying = Object.assign(promise, { then: (done: () => void) => done() });
  bus.subscribe("a", () => lying);
  bus.publish("a");
  assertEquals(await bus.flush({ timeoutMs: 10 }), false);
  resolve();
  assertEquals(await bus.flush(), true);
  await bus.stop();
});

Deno.test("a subscriber whose promises throw when they are asked is counted, and ends nothing", async () => {
  const create = () => Object.defineProperty(Promise.resolve(), "constructor", { get: fail });
  class Evil extends EventSubscriber {
    getSubscriptions() {
      return { a: create };
    }
    override onDrain = create;
    override flush = create;
    override flushSync = create;
    override shutdown = create;
  }
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  bus.registerSubscriber(new Evil());
  bus.addEventListener("a", create);
  bus.publish("a");
  assertEquals(await bus.flush(), true);
  bus.flushSync();
  assertEquals((await bus.stop()).timedOut, false);
  await nextTurn();
  // The handler, onDrain of a slice and of flushSync, flushSync, flush of two, shutdown; a listener.
  assertEquals({ ...bus.subscriberExceptionCounts() }, { Evil: 7, create: 1 });
});

Deno.test("a subscriber whose onDrain cannot be read is refused, and leaves nothing behind", async () => {
  const evil = Object.defineProperty(new RecordingSubscriber(), "onDrain", { get: fail });
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  bus.registerSubscriber(new RecordingSubscriber());
  assertThrows(() => bus.registerSubscriber(evil), Error, "no");
  assertEquals((await bus.stop()).timedOut, false);
  assertEquals(bus.hasSubscribers("a"), false);
});

Deno.test("errors that hold themselves are counted and told in one line", async () => {
  const endless = new AggregateError([], "endless");
  for (let i = 0; i < 100; i++) endless.errors.push(endless);
  const logger = new MemoryLogger();
  const bus = new EventBus({ logger }).start();
  bus.subscribe("a", function handler() {
    throw endless;
  });
  bus.publish("a");
  await bus.stop();
  assertEquals(logger.lines, [
    `busbar: handler failed in a: endless: ${Array(100).fill("endless").join("; ")}`,
  ]);
});

/** Loggers that fail in another way than by throwing. */
const LOGGERS: Readonly<Record<string, () => unknown>> = {
  "throws": fail,
  "rejects": () => Promise.reject(new Error("no")),
  "returns a thenable that throws": () => ({ then: fail }),
  "returns a promise that never settles": () => new Promise(() => {}),
};

for (const [what, warn] of Object.entries(LOGGERS)) {
  Deno.test(`a logger that ${what} ends nothing, and its failures are counted`, async () => {
    const bus = new EventBus({ maxQueueSize: 1, logger: { warn: warn as () => void } }).start();
    bus.subscribe("a", fail);
    for (let i = 0; i < 3; i++) bus.publish("a");
    await bus.flush();
    await nextTurn();
    const { "(logger)": failed = 0 } = bus.subscriberExceptionCounts();
    assertEquals(failed > 0, what !== "returns a promise that never settles");
    assertEquals((await bus.stop()).delivered, 1);
  });
}

Deno.test("a logger that publishes has its events delivered, and the bound holds", async () => {
  let calls = 0;
  const bus = new EventBus({
    maxQueueSize: 2,
    logger: {
      warn() {
        calls++;
        for (let i = 0; i < 10; i++) bus.publish("warned");
      },
    },
  }).start();
  for (let i = 0; i < 10; i++) {
    bus.publish("a");
    await nextTurn();
    assertEquals(bus.queueDepth <= 2, true);
  }
  for (let i = 0; i < 10; i++) bus.publish("a");
  await bus.flush();
  await bus.stop();
  assertEquals(calls > 0 && calls < 6, true, `${calls} lines`);
});

Deno.test("who hangs is named when a flush or a stop has waited in vain, and nobody else", async () => {
  class Innocent extends EventSubscriber {
    getSubscriptions() {
      return {};
    }
    override async flush() {}
    override async shutdown() {}
  }
  class Slow extends Innocent {
    override flush() {
      return nextTurn();
    }
  }
  const logger = new MemoryLogger();
  const bus = new EventBus({ logger }).start();
  bus.registerSubscriber(new Innocent());
  bus.registerSubscriber(new Slow());
  bus.subscribe("a", async function quick() {});
  bus.subscribe("a", function culprit() {
    return new Promise(() => {});
  });
  for (let i = 0; i < 3; i++) bus.publish("a");
  assertEquals(await bus.flush({ timeoutMs: 5 }), false);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { culprit: 1 });
  assertStringIncludes(
    logger.lines.join(),
    "culprit failed in flush: a call hangs",
  );
  assertEquals((await bus.stop({ timeoutMs: 5 })).timedOut, true);
  assertEquals({ ...bus.subscriberExceptionCounts() }, { culprit: 2 });
  await nextTurn();
});

Deno.test("a line holds no control character of others, and is one line", async () => {
  const logger = new MemoryLogger();
  const bus = new EventBus({ logger, maxQueueSize: 2 }).start();
  const text = "x\n2026 all is well\r\x1b[2K\x9b1A\u2028y\u2029\x7f\0\t";
  bus.subscribe(text, Object.defineProperty(fail, "name", { value: text }));
  bus.publish(text);
  for (let i = 0; i < 3; i++) bus.publish(text);
  await bus.stop();
  assertEquals(logger.lines.length >= 2, true);
  // deno-lint-ignore no-control-regex -- it is what no line may hold
  for (const line of logger.lines) assertEquals(/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(line), false);
  assertStringIncludes(
    logger.lines.join(),
    "x\\u000a2026 all is well\\u000d\\u001b[2K\\u009b1A\\u2028y",
  );
});
