import { assertEquals } from "@std/assert";
import { observeRuntime } from "@busbar/busbar/instrumentation/runtime";
import { MemoryLogger } from "@busbar/busbar/testing";
import { collectingMeter } from "../../support/collecting_meter.ts";
import { builtinModules, pretendProcess } from "../../support/pretended_runtime.ts";

const VERSIONS = { node: "24.0.0", deno: "2.9.6" };

function fail(): never {
  throw new Error("no permission");
}

Deno.test("a reading that fails at a collection leaves out its metrics, and is logged once", () => {
  let fails = false;
  using _process = pretendProcess({
    versions: VERSIONS,
    cpuUsage: () => fails ? fail() : { user: 1, system: 1 },
    memoryUsage: () => ({ rss: 1, heapUsed: 1 }),
    uptime: () => 1,
  });
  const logger = new MemoryLogger();
  const { meter, collect } = collectingMeter();
  using _observation = observeRuntime({ meter, logger });
  const names = () => [...new Set([...collect().keys()].map((name) => name.split("{")[0]))];
  const rest = ["process.memory.usage", "process.uptime"];
  assertEquals(names().filter((name) => name !== "process.cpu.utilization"), [
    "process.cpu.time",
    ...rest,
  ]);
  fails = true;
  for (let i = 0; i < 3; i++) assertEquals(names(), rest);
  fails = false;
  assertEquals(names()[0], "process.cpu.time");
  fails = true;
  assertEquals(names(), rest);
  assertEquals(logger.lines, [
    "busbar: Cannot read process.cpu.time, process.cpu.utilization, left out of the metrics: no permission",
  ]);
});

Deno.test("one that fails at the start keeps none of the others from starting", () => {
  using _process = pretendProcess({
    versions: VERSIONS,
    cpuUsage: fail,
    uptime: () => 1,
    ...builtinModules({ "node:perf_hooks": { performance: { eventLoopUtilization: fail } } }),
  });
  const logger = new MemoryLogger();
  const { meter, collect } = collectingMeter();
  using _observation = observeRuntime({ meter, logger });
  assertEquals([...collect().keys()], ["process.uptime"]);
  assertEquals(logger.lines, [
    "busbar: Cannot read nodejs.eventloop.utilization, left out of the metrics: no permission",
    "busbar: Cannot read process.cpu, left out of the metrics: no permission",
  ]);
});

Deno.test("a runtime that may not be looked at is left alone", () => {
  const logger = new MemoryLogger();
  const { meter, collect } = collectingMeter();
  for (
    const process of [
      { versions: VERSIONS, getBuiltinModule: fail },
      Object.defineProperty({}, "versions", { get: fail }),
    ]
  ) {
    using _process = pretendProcess(process);
    using _observation = observeRuntime({ meter, logger });
    assertEquals([...collect().keys()], []);
  }
  const line = "busbar: Cannot read the runtime, left out of the metrics: no permission";
  assertEquals(logger.lines, [line, line]);
});

Deno.test("what throws at the end keeps the rest from nothing", () => {
  let ended = 0;
  const histogram = { enable: () => true, disable: fail };
  class PerformanceObserver {
    observe() {}
    disconnect() {
      ended++;
    }
  }
  using _process = pretendProcess({
    versions: { node: "24.0.0" },
    ...builtinModules({
      "node:perf_hooks": { monitorEventLoopDelay: () => histogram, PerformanceObserver },
    }),
  });
  const logger = new MemoryLogger();
  const { meter, callbacks } = collectingMeter();
  observeRuntime({ meter, logger })[Symbol.dispose]();
  assertEquals([callbacks.size, ended, logger.lines.length], [0, 1, 1]);
});
