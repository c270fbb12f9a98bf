import { assertEquals, assertThrows } from "@std/assert";
import { observeRuntime, type RuntimeMetricsOptions } from "@busbar/busbar/instrumentation/runtime";
import { MemoryLogger } from "@busbar/busbar/testing";
import { collectingMeter } from "../../support/collecting_meter.ts";
import { builtinModules, pretendProcess } from "../../support/pretended_runtime.ts";

/** What such a process's metrics are, by name and attributes, and what was logged. */
function collectFrom(process: object | undefined) {
  using _process = pretendProcess(process);
  const { meter, collect } = collectingMeter();
  const logger = new MemoryLogger();
  using _observation = observeRuntime({ meter, logger });
  const values = collect();
  return { names: [...values.keys()], values, lines: logger.lines };
}

const DENO = { node: "24.0.0", deno: "2.9.6", v8: "14.0" };

Deno.test("a page and a bundler's stand-in for a process have no metrics", () => {
  for (const process of [undefined, {}, { env: {} }]) {
    const { names, lines } = collectFrom(process);
    assertEquals([names, lines], [[], []]);
  }
});

Deno.test("what is answered with 0 is left out, and nobody is told", () => {
  const { names, lines } = collectFrom({
    versions: DENO,
    cpuUsage: () => ({ user: 0, system: 0 }),
    memoryUsage: () => ({ rss: 0, heapUsed: 0 }),
    uptime: () => 0,
    ...builtinModules({
      "node:perf_hooks": {
        performance: { eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }) },
        monitorEventLoopDelay: () => ({ count: 9, min: 0, max: 0, mean: 0 }),
      },
      "node:v8": {
        getHeapStatistics: () => ({ heap_size_limit: 0 }),
        getHeapSpaceStatistics: () => [{ space_name: "old_space", space_size: 0 }],
      },
    }),
  });
  assertEquals([names, lines], [[], []]);
});

Deno.test("functions that are not there are not missed", () => {
  const { names, lines } = collectFrom({ versions: DENO, uptime: () => 1.5 });
  assertEquals([names, lines], [["process.uptime"], []]);
});

Deno.test("a space of the heap is shown once it has held something, and from then on", () => {
  const space = (name: string, size: number) => ({
    space_name: name,
    space_size: size,
    space_used_size: size / 2,
    space_available_size: 1,
    physical_space_size: size,
  });
  let spaces = [space("old_space", 8), space("new_large_object_space", 0)];
  using _process = pretendProcess({
    versions: DENO,
    ...builtinModules({ "node:v8": { getHeapSpaceStatistics: () => spaces } }),
  });
  const { meter, collect } = collectingMeter();
  using _observation = observeRuntime({ meter });
  const used = () => {
    const prefix = 'v8js.memory.heap.used{"v8js.heap.space.name":"';
    return [...collect()].filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length, -2), value]);
  };
  assertEquals(used(), [["old_space", 4]]);
  spaces = [space("old_space", 8), space("new_large_object_space", 2)];
  assertEquals(used(), [["old_space", 4], ["new_large_object_space", 1]]);
  spaces = [space("old_space", 8), space("new_large_object_space", 0)];
  assertEquals(used(), [["old_space", 4], ["new_large_object_space", 0]]);
});

Deno.test("what another engine says of V8's heap is not believed", () => {
  const fail = () => {
    throw new Error("asked");
  };
  const { names, values, lines } = collectFrom({
    versions: { node: "24.0.0", bun: "1.4.0", v8: "14.0" },
    memoryUsage: () => ({ rss: 2, heapUsed: 1 }),
    ...builtinModules({
      "node:v8": { getHeapStatistics: fail, getHeapSpaceStatistics: fail },
    }),
  });
  assertEquals(names, ["jsc.memory.heap.used", "process.memory.usage"]);
  assertEquals(values.get("jsc.memory.heap.used"), 1);
  assertEquals(lines, []);
});

Deno.test("options that are none are refused", () => {
  const { meter } = collectingMeter();
  assertThrows(
    () => observeRuntime({ meter, prefix: "x" } as RuntimeMetricsOptions),
    TypeError,
    "prefix",
  );
  assertThrows(() => observeRuntime({} as RuntimeMetricsOptions), TypeError, "meter");
});
