import { assertEquals } from "@std/assert";
import { trace } from "@opentelemetry/api";
import { EventBus, type PublishInit } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { MetricsSubscriber, TracingSubscriber } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";

type Id = { readonly operationId?: string | number } | undefined;
interface Events {
  "a.start": Id;
  "a.end": Id;
  "b.start": Id;
  "b.end": Id;
}

const { duration, span } = declare<Events>();

const metrics = (logger: MemoryLogger) =>
  new MetricsSubscriber<Events>({
    metrics: { a: duration("a.start", "a.end"), b: duration("b.start", "b.end") },
    logger,
  });
const spans = (logger: MemoryLogger) =>
  new TracingSubscriber<Events>({
    tracer: trace.getTracer("test"),
    spans: { a: span("a.start", "a.end"), b: span("b.start", "b.end") },
    logger,
  });

type Step = [type: keyof Events, init?: PublishInit, metadata?: Id];

/** What is published, how many starts are ambiguous, and of which types it is told. */
const CASES: [what: string, steps: Step[], ambiguous: number, told: (keyof Events)[]][] = [
  ["one after another", [["a.start"], ["a.end"], ["a.start"], ["a.end"]], 0, []],
  ["two kinds at a time", [["a.start"], ["b.start"], ["a.end"], ["b.end"]], 0, []],
  ["two without a session", [["a.start"], ["a.start"]], 1, ["a.start"]],
  [
    "two of one session",
    [["a.start", { sessionId: "s" }], ["a.start", { sessionId: "s" }]],
    1,
    ["a.start"],
  ],
  ["two sessions", [["a.start", { sessionId: "s" }], ["a.start", { sessionId: "t" }]], 0, []],
  [
    "two with operation ids of their own",
    [["a.start", { operationId: "1" }], ["a.start", { operationId: "2" }]],
    0,
    [],
  ],
  [
    "two with one operation id",
    [["a.start", { operationId: "1" }], ["a.start", { operationId: "1" }]],
    0,
    [],
  ],
  [
    "two with ids in their metadata",
    [["a.start", {}, { operationId: 1 }], ["a.start", {}, { operationId: 2 }]],
    0,
    [],
  ],
  [
    "two with ids that are empty",
    [["a.start", { operationId: "" }, { operationId: "" }], ["a.start"]],
    1,
    ["a.start"],
  ],
  ["one with an id and one without", [["a.start", { operationId: "1" }], ["a.start"]], 0, []],
  [
    "many of both kinds",
    [["a.start"], ["a.start"], ["b.start"], ["a.start"], ["b.start"], ["b.start"]],
    4,
    ["a.start", "b.start"],
  ],
];

const line = (name: string, type: string) =>
  `busbar: ${name}: several "${type}" of one session overlap without an operation id, so an end may ` +
  "have been given to the wrong start; publish start and end with an operationId of their own, or " +
  "with a sessionId of their own";

for (const create of [metrics, spans]) {
  for (const [what, steps, ambiguous, told] of CASES) {
    const logger = new MemoryLogger();
    const subscriber = create(logger);
    const counted = ambiguous === 0 ? "not ambiguous" : "counted, and told once for each type";
    Deno.test(`${subscriber.name}: ${what} are ${counted}`, async () => {
      const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
      bus.registerSubscriber(subscriber);
      for (const [type, init, metadata] of steps) bus.publish(type, metadata, init);
      await bus.flush();
      assertEquals(subscriber.stats().ambiguousPairs, ambiguous);
      assertEquals(logger.lines, told.map((type) => line(subscriber.name, type)));
      await bus.stop();
    });
  }

  Deno.test(`${create(new MemoryLogger()).name}: a subclass reports them under its own name`, async () => {
    const logger = new MemoryLogger();
    const subscriber = Object.assign(create(logger), { name: "Own" });
    const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
    bus.registerSubscriber(subscriber);
    bus.publish("a.start");
    bus.publish("a.start");
    await bus.flush();
    assertEquals(logger.lines, [line("Own", "a.start")]);
    await bus.stop();
  });
}

Deno.test("a declaration's own function that gives an empty id, or null, gives none", async () => {
  for (const none of ["", null as never]) {
    const logger = new MemoryLogger();
    const operationId = () => none;
    const subscribers = [
      new MetricsSubscriber<Events>({
        metrics: { a: duration("a.start", "a.end", { operationId }) },
        logger,
      }),
      new TracingSubscriber<Events>({
        tracer: trace.getTracer("test"),
        spans: { a: span("a.start", "a.end", { operationId }) },
        logger,
      }),
    ];
    const bus = new EventBus<Events>({ logger: new MemoryLogger() }).start();
    for (const subscriber of subscribers) bus.registerSubscriber(subscriber);
    for (const type of ["a.start", "a.start", "a.end", "a.end"] as const) bus.publish(type);
    await bus.stop();
    assertEquals(subscribers.map((one) => one.stats().ambiguousPairs), [1, 1]);
    assertEquals(subscribers.map((one) => one.stats().orphanedEnds), [0, 0]);
    assertEquals(logger.lines.length, 2);
  }
});
