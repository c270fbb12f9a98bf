import { assertEquals, assertStringIncludes } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import { LoggingSubscriber, type LogSink } from "@busbar/busbar/subscribers";
import { nextTurn, ONE_SLICE_MS } from "../../support/quiet_bus.ts";

interface Events {
  console: { line: string };
  order: undefined;
}

/** A console whose lines are published, and a bus whose log records go to that console. */
function bridged(sinkTo: (print: (line: string) => void) => LogSink) {
  const printed: string[] = [];
  const print = (line: string): void => {
    printed.push(line);
    bus.publish("console", { line });
  };
  const bus = new EventBus<Events>({ logger: { warn: print }, drainBudgetMs: ONE_SLICE_MS })
    .start();
  const logging = new LoggingSubscriber<Events>({
    logs: {
      console: { level: "info", body: ({ metadata }) => metadata.line },
      order: { level: "info" },
    },
    sink: sinkTo(print),
  });
  bus.registerSubscriber(logging);
  return { bus, logging, print, printed };
}

const SINKS: Readonly<Record<string, (print: (line: string) => void) => LogSink>> = {
  "a sink": (print) => ({ body }) => print(`logged: ${body}`),
  // deno-lint-ignore require-await -- sinks may be async
  "an async sink": (print) => async ({ body }) => print(`logged: ${body}`),
};

for (const [what, sinkTo] of Object.entries(SINKS)) {
  Deno.test(`what ${what} writes is published, and not logged again; that is counted and told`, async () => {
    const { bus, logging, print, printed } = bridged(sinkTo);
    const heard: string[] = [];
    bus.subscribe("console", ({ metadata }) => heard.push(metadata.line));
    print("hello");
    bus.publish("order");
    for (let i = 0; i < 20; i++) await nextTurn();
    await bus.stop();
    const logged = printed.filter((line) => line.startsWith("logged: "));
    assertEquals(logged, ["logged: hello", "logged: order"]);
    // The two, and the line that tells of them.
    assertEquals(logging.stats().echoes, 3);
    assertEquals(heard.slice(0, 3), ["hello", "logged: hello", "logged: order"]);
    const told = printed.filter((line) => line.includes("would be logged for ever"));
    assertEquals(told.length, 1);
    assertStringIncludes(told[0]!, "LoggingSubscriber failed in console");
  });
}

Deno.test("the bus's own lines are not logged by the bus that has told them", async () => {
  const { bus, printed } = bridged((print) => ({ body }) => print(`logged: ${body}`));
  bus.subscribe("order", function broken() {
    throw new Error("no");
  });
  bus.publish("order");
  for (let i = 0; i < 20; i++) await nextTurn();
  await bus.stop();
  assertEquals(printed.filter((line) => line.includes("broken failed")).length, 1);
});
