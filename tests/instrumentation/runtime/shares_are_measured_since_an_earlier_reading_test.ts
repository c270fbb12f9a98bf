import { assertEquals } from "@std/assert";
import { observeRuntime } from "@busbar/busbar/instrumentation/runtime";
import { collectingMeter } from "../../support/collecting_meter.ts";
import { builtinModules, pretendProcess } from "../../support/pretended_runtime.ts";
import { steeredTime } from "../../support/steered_time.ts";

/** A Node whose time goes where the test says. */
function startReading() {
  const time = steeredTime();
  const loop = { active: 1_000, idle: 0 };
  const cpu = { user: 3e6, system: 1e6 };
  const process = pretendProcess({
    versions: { node: "24.0.0" },
    cpuUsage: () => ({ ...cpu }),
    ...builtinModules({
      "node:perf_hooks": { performance: { eventLoopUtilization: () => ({ ...loop }) } },
    }),
  });
  const { meter, collect } = collectingMeter();
  const observation = observeRuntime({ meter });
  return {
    collect,
    /** So many seconds pass, of which the loop and one CPU are busy for a share. */
    pass: (seconds: number, share: number) => {
      time.pass(seconds * 1_000);
      loop.active += seconds * 1_000 * share;
      loop.idle += seconds * 1_000 * (1 - share);
      cpu.user += seconds * 1e6 * share;
    },
    utilization: () => collect().get("nodejs.eventloop.utilization"),
    [Symbol.dispose]: () => {
      for (const one of [observation, process, time]) one[Symbol.dispose]();
    },
  };
}

Deno.test("time is shown in seconds since the beginning, by what it went into", () => {
  using reading = startReading();
  reading.pass(10, 0.3);
  const values = reading.collect();
  const shown = (name: string) => Math.round((values.get(name) ?? NaN) * 1_000) / 1_000;
  assertEquals(shown('nodejs.eventloop.time{"nodejs.eventloop.state":"active"}'), 4);
  assertEquals(shown('nodejs.eventloop.time{"nodejs.eventloop.state":"idle"}'), 7);
  assertEquals(shown('process.cpu.time{"cpu.mode":"user"}'), 6);
  assertEquals(shown('process.cpu.time{"cpu.mode":"system"}'), 1);
});

Deno.test("a utilization is that since the last reading", () => {
  using reading = startReading();
  const cpus = navigator.hardwareConcurrency;
  for (const share of [0.25, 1, 0, 0.5]) {
    reading.pass(15, share);
    const values = reading.collect();
    const rounded = (name: string) => Math.round((values.get(name) ?? NaN) * 1e6);
    assertEquals(rounded("nodejs.eventloop.utilization"), share * 1e6);
    const user = 'process.cpu.utilization{"cpu.mode":"user"}';
    assertEquals(rounded(user), Math.round(share / cpus * 1e6));
    assertEquals(values.get('process.cpu.utilization{"cpu.mode":"system"}'), 0);
  }
});

Deno.test("a second reader leaves the first no moment alone to measure", () => {
  using reading = startReading();
  reading.pass(10, 0.5);
  assertEquals(reading.utilization(), 0.5);
  for (let i = 0; i < 5; i++) {
    reading.pass(5, 1);
    // Since the reading before the last one: that was 5 s ago.
    assertEquals(reading.utilization(), 0.5 + (i > 0 ? 0.5 : 0.5 / 3));
    reading.pass(10, 1);
    assertEquals(reading.utilization(), 1);
  }
});

Deno.test("where no time has passed nothing is shown, neither of the loop nor of the CPU", () => {
  using reading = startReading();
  assertEquals(
    [...reading.collect().keys()].filter((name) => name.includes("utilization")),
    [],
  );
});
