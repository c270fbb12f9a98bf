import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as application from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import type * as library from "@busbar/busbar/library";
import type * as observability from "@busbar/busbar/observability";
import { startObservability } from "@busbar/busbar/observability";
import { MetricsSubscriber, subscribeCatalog } from "@busbar/busbar/subscribers";
import { MemoryLogger } from "@busbar/busbar/testing";
import { loadCopy } from "../support/package_copies.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

interface JobEvents {
  "job.done": { ms: number };
}

const { catalog, counter } = declare<JobEvents>();
const jobs = catalog({ metrics: { jobs: counter("job.done") } });

Deno.test("what a copy publishes reaches the application's bus, whatever its format", async () => {
  await using folder = await temporaryFolder();
  for (const entry of ["@busbar/busbar", "@busbar/busbar/library"]) {
    for (const format of ["esm", "cjs"] as const) {
      const copy = await loadCopy<typeof library>(folder.path, entry, { format });
      assert(copy.getEventBus !== application.getEventBus, "it is the same module");
      await using bus = application.initEventBus<JobEvents>({ logger: new MemoryLogger() });
      const seen: number[] = [];
      bus.subscribe("job.done", (event) => seen.push(event.metadata.ms));
      assertEquals(copy.getEventBus<JobEvents>().publish("job.done", { ms: 1 }), true);
      await bus.flush();
      assertEquals(seen, [1], `${entry} as ${format}`);
    }
  }
});

Deno.test("a copy that sets the process's bus sets it for all", async () => {
  await using folder = await temporaryFolder();
  const copy = await loadCopy(folder.path, "@busbar/busbar", { format: "cjs" });
  await using bus = copy.initEventBus({ logger: new MemoryLogger() });
  assert(application.getEventBus() === bus);
  application.setEventBus(bus);
  assertEquals(application.isObservabilityEnabled(), true);
});

Deno.test("a bus of a copy is observed, and takes subscribers of another copy", async () => {
  await using folder = await temporaryFolder();
  const copy = await loadCopy(folder.path, "@busbar/busbar");
  const bus = new copy.EventBus<JobEvents>({ logger: new MemoryLogger(), maxQueueSize: 77 });
  await using obs = await startObservability({
    bus,
    catalog: jobs,
    prometheus: { enabled: false },
    env: () => undefined,
    logger: new MemoryLogger(),
  });
  assert(obs.bus === bus, "it made a bus of its own");
  assertEquals(obs.config.bus.maxQueueSize, 77);
  const other = await loadCopy<typeof observability>(
    folder.path,
    "@busbar/busbar/observability",
  );
  await assertRejects(
    () => other.startObservability({ bus, env: () => undefined }),
    Error,
    "bus must not be under observation already",
  );
  const subscription = subscribeCatalog(bus, jobs, { collect: true });
  const subscriber = new MetricsSubscriber<JobEvents>({ metrics: jobs.metrics });
  bus.registerSubscriber(subscriber);
  bus.publish("job.done", { ms: 1 });
  assertEquals(await obs.flush(), true);
  assert((await obs.scrape()).includes("\njobs_total 1\n"));
  for (const { collect } of [subscription, { collect: () => subscriber.collect() }]) {
    const [counted] = collect();
    assertEquals(counted?.kind === "counter" && counted.points[0]?.value, 1);
  }
  await bus.stop();
});

Deno.test("two versions that cannot share the process's bus say so, once, and go on apart", async () => {
  await using folder = await temporaryFolder();
  const other = await loadCopy(folder.path, "@busbar/busbar", { contractVersion: 999 });
  const lines: string[] = [];
  const { warn } = console;
  // deno-lint-ignore no-console -- what says so has no other place
  console.warn = (line: string) => lines.push(line);
  try {
    await using bus = application.initEventBus({ logger: new MemoryLogger() });
    for (let i = 0; i < 3; i++) assertEquals(other.getEventBus().publish("job.done"), false);
    await using otherBus = other.initEventBus({ logger: new MemoryLogger() });
    assert(other.getEventBus() === otherBus);
    assert(application.getEventBus() === bus);
    assertThrows(() => application.setEventBus(otherBus), TypeError, "bus must be an EventBus");
  } finally {
    // deno-lint-ignore no-console -- as above
    console.warn = warn;
  }
  assertEquals(lines, [
    "busbar: contract 999 cannot share the bus of contract 1; update one",
  ]);
});

Deno.test("what is no bus is refused as the process's bus", () => {
  const before = application.getEventBus();
  const hostile = new Proxy({}, {
    get() {
      throw new Error("do not touch");
    },
  });
  for (const value of [undefined, null, 1, "bus", {}, new EventTarget(), hostile]) {
    // deno-lint-ignore no-explicit-any -- what the types would refuse
    const error = assertThrows(() => application.setEventBus(value as any), TypeError);
    assert(error.message.startsWith("Cannot set the event bus: bus must be an EventBus, received"));
  }
  assert(application.getEventBus() === before);
});
