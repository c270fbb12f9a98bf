import { assertEquals, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { declare, LOG_LEVELS, type LogLevel } from "@busbar/busbar/catalog";
import { LoggingSubscriber } from "@busbar/busbar/subscribers";
import { loggingBus } from "../../support/logging_bus.ts";

Deno.test("below minLevel a type is not subscribed to, and nothing is built", async () => {
  let built = 0;
  const count = () => {
    built++;
    return "";
  };
  const { bus, records } = loggingBus({
    logs: {
      quiet: { level: "debug", body: count, attributes: () => ({ built: count() }) },
      chosen: { level: (event) => event.metadata as LogLevel, body: count },
      loud: { level: "error" },
    },
    minLevel: "warn",
  });
  assertEquals([bus.hasSubscribers("quiet"), bus.hasSubscribers("chosen")], [false, true]);
  bus.publish("quiet");
  bus.publish("chosen", "info");
  bus.publish("loud");
  await bus.flush();
  assertEquals([built, records.map(({ eventType }) => eventType)], [0, ["loud"]]);
  bus.publish("chosen", "fatal");
  await bus.stop();
  assertEquals([built, records.length], [1, 2]);
});

Deno.test("every level has its OpenTelemetry severity", async () => {
  const { bus, records } = loggingBus({
    logs: Object.fromEntries(LOG_LEVELS.map((level) => [level, { level }])),
    minLevel: "trace",
  });
  for (const level of LOG_LEVELS) bus.publish(level);
  await bus.stop();
  assertEquals(records.map(({ level }) => level), [...LOG_LEVELS]);
  assertEquals(records.map(({ severityNumber }) => severityNumber), [1, 5, 9, 13, 17, 21]);
});

Deno.test("a level that is none is counted, with the type and the value", async () => {
  const { bus, records, lines } = loggingBus({
    logs: { a: { level: () => "loud" as LogLevel } },
  });
  bus.publish("a");
  await bus.stop();
  assertEquals(records, []);
  assertEquals(lines, [
    "busbar: LoggingSubscriber failed in a: Cannot log a: level must be one of " +
    'trace, debug, info, warn, error, fatal, received "loud"',
  ]);
});

interface ShopEvents {
  "checkout.end": { total: number };
}

Deno.test("wrong types and wrong fields do not compile, wrong options throw", () => {
  const sink = () => {};
  const { catalog } = declare<ShopEvents>();
  const { logs } = catalog({ logs: { "checkout.end": { level: "info" } } });
  new EventBus<ShopEvents>({ enabled: false })
    .registerSubscriber(new LoggingSubscriber({ logs, sink }));
  new LoggingSubscriber<ShopEvents>({ logs: { "checkout.end": { level: "info" } }, sink });
  new LoggingSubscriber<ShopEvents>({
    // @ts-expect-error no such type
    logs: { "checkout.begin": { level: "info" } },
    sink,
  });
  new LoggingSubscriber<ShopEvents>({
    // @ts-expect-error metadata has no such field
    logs: { "checkout.end": { level: "info", body: (event) => event.metadata.nothing } },
    sink,
  });
  const cases: [options: object, message: string][] = [
    [{ sink: [] }, "sink must be a function or some of them, received []"],
    [{ sink: undefined }, "sink must be a function, received undefined"],
    [{ sink: ["no"] }, 'sink must be a function, received "no"'],
    [
      { minLevel: "loud" },
      'minLevel must be one of trace, debug, info, warn, error, fatal, received "loud"',
    ],
    [{ maxPerSecond: 0 }, "maxPerSecond must be a number above 0, received 0"],
    [{ redact: "card" }, 'redact must be a list of names, received "card"'],
    [{ contextOf: 1 }, "contextOf must be a function, received 1"],
    [{ clock: 1 }, "clock must be a function, received 1"],
    [{ maxPending: 0.5 }, "maxPending must be a positive integer, received 0.5"],
    [{ suppressedIntervalMs: 0 }, "suppressedIntervalMs must be a number above 0, received 0"],
  ];
  for (const [options, message] of cases) {
    const error = assertThrows(() => new LoggingSubscriber({ logs: {}, sink, ...options }));
    assertEquals((error as Error).message, `Cannot create LoggingSubscriber: ${message}`);
  }
  assertThrows(
    // @ts-expect-error no such level
    () => new LoggingSubscriber<ShopEvents>({ logs: { "checkout.end": { level: "loud" } }, sink }),
    TypeError,
    'Cannot declare the log of "checkout.end": level must be one of trace, debug, info, warn',
  );
});
