// deno-lint-ignore-file no-console -- that is what it is about
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { EventBus } from "@busbar/busbar";
import {
  jsonLinesSink,
  type LogRecord,
  type LogSink,
  subscribeCatalog,
} from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { CONSOLE_METHODS, ownConsole } from "../../support/own_console.ts";
import { ONE_SLICE_MS } from "../../support/quiet_bus.ts";
import { runModule } from "../../support/processes.ts";

/** A page has nothing that formats as its console does. */
const FORMATS = (globalThis as { process?: { getBuiltinModule?: unknown } }).process
  ?.getBuiltinModule !== undefined;

function captured(sink: LogSink) {
  const bus = new EventBus({ logger: new MemoryLogger() }).start();
  const subscription = subscribeCatalog(bus, {}, { sink, captureConsole: true, minLevel: "trace" });
  return { bus, subscription };
}

Deno.test("what others write to the console becomes records, at the level of its method", async () => {
  using own = ownConsole();
  const records: LogRecord[] = [];
  const { bus } = captured((record) => void records.push(record));
  console.log("sold %d for %s", 3, "10 €", { to: ["a"] });
  for (const method of CONSOLE_METHODS) console[method](method);
  console.error(new Error("gone"));
  await bus.flush();
  assertEquals(
    records.slice(0, 7).map(({ level, body }) => `${level} ${body.split("\n")[0]}`),
    [
      FORMATS ? "info sold 3 for 10 € { to: [ 'a' ] }" : 'info sold %d for %s 3 10 € {"to":["a"]}',
      "trace trace",
      "debug debug",
      "info log",
      "info info",
      "warn warn",
      "error error",
    ].map((line) => line.replace("'a'", records[0]!.body.includes('[ "a"') ? '"a"' : "'a'")),
  );
  // The console says, too, from where it is called.
  assertMatch(records[1]!.body.split("\n")[1] ?? "", /^ {4}at (?!.*console_bridge)/);
  assertStringIncludes(records[7]!.body, "Error: gone\n");
  assertEquals([records[7]!.eventType, records[7]!.attributes], ["console", {}]);
  assertEquals(own.written, []);
  await bus.stop();
});

Deno.test("a sink that writes to the console, at once or later, gets nothing of it back", async () => {
  using own = ownConsole();
  let calls = 0;
  const { bus } = captured(Object.assign(async ({ body }: LogRecord) => {
    calls++;
    console.log(`sink: ${body}`);
    await new Promise((resolve) => setTimeout(resolve));
    console.warn(`sink later: ${body}`);
  }, { flush: () => console.log("sink flushed") }));
  console.log("a");
  await bus.flush();
  await bus.flush();
  assertEquals(calls, 1);
  assertEquals(own.written.slice(0, 3), ["sink: a", "sink later: a", "sink flushed"]);
  await bus.stop();
});

Deno.test("lines to the console, and what is told there of losses, do not come back either", async () => {
  using own = ownConsole();
  const bus = new EventBus({ drainBudgetMs: ONE_SLICE_MS }).start();
  const failing = subscribeCatalog(bus, {}, {
    captureConsole: true,
    sink: [
      jsonLinesSink({ write: (line) => console.log(line) }),
      () => {
        throw new Error("no");
      },
    ],
  });
  console.log("a");
  await bus.flush();
  assertEquals(own.written.length, 2, own.written.join("\n"));
  assertEquals(JSON.parse(own.written[0]!).body, "a");
  assertStringIncludes(own.written[1]!, "busbar: ");
  failing[Symbol.dispose]();
  await bus.stop();
});

Deno.test("what the bus does not take goes where it went", async () => {
  using own = ownConsole();
  const { bus } = captured(() => {});
  await bus.stop();
  console.log("after the stop");
  assertEquals(own.written, ["after the stop"]);
});

Deno.test("whoever has taken the console over since is left alone, and heard", async () => {
  using own = ownConsole();
  const { bus, subscription } = captured(() => {});
  const ours = console.log;
  const theirs = (...args: unknown[]) => ours("theirs:", ...args);
  console.log = theirs;
  subscription[Symbol.dispose]();
  assertEquals(console.log, theirs);
  console.log("a");
  assertEquals(own.written, ["theirs: a"]);
  await bus.stop();
});

Deno.test("a line that is written just before an exit is logged", async () => {
  const { code, stdout, stderr } = await runModule(`
    import process from "node:process";
    import { EventBus } from "@busbar/busbar";
    import { jsonLinesSink, subscribeCatalog } from "@busbar/busbar/subscribers";
    const bus = new EventBus({ drainBudgetMs: ${ONE_SLICE_MS} }).start();
    subscribeCatalog(bus, {}, { captureConsole: true, sink: jsonLinesSink() });
    console.log("the last words");
    process.exit(3);
  `);
  assertEquals([code, stderr], [3, ""]);
  assertEquals(JSON.parse(stdout).body, "the last words");
});

Deno.test("a console cannot be captured for nobody", () => {
  const bus = new EventBus();
  assertThrows(
    () => subscribeCatalog(bus, {}, { collect: true, captureConsole: true }),
    TypeError,
    "sink must be there for captureConsole",
  );
});
