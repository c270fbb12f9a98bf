import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { AddressInUseError } from "@busbar/busbar/http";
import { startObservability } from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { clocks } from "../../src/internal/clocks.ts";
import { freePort, serve } from "../support/loopback.ts";
import { pretendProcess } from "../support/pretended_runtime.ts";
import { runScript } from "../support/processes.ts";
import { steeredTime } from "../support/steered_time.ts";

/** What this process would be as a child of another, and as a worker of its cluster. */
function pretendChild({ isWorker }: { isWorker: boolean }): Disposable {
  return pretendProcess(Object.create(process, {
    connected: { value: true },
    getBuiltinModule: {
      value: (id: string) => id === "node:cluster" ? { isWorker } : process.getBuiltinModule(id),
    },
  }));
}

function start(port: number, logger = new MemoryLogger(), serviceName = "shop") {
  return startObservability({
    serviceName,
    env: () => undefined,
    logger,
    runtimeMetrics: false,
    prometheus: { port },
  });
}

const refusals = (logger: MemoryLogger) =>
  logger.lines.filter((line) => line.startsWith("busbar: metrics are not served: "));

/** Has no test wait for the second that an address may linger. */
function hurry(): Disposable {
  const { setTimeout } = clocks;
  const time = steeredTime({ msPerLook: 100 });
  clocks.setTimeout = (callback, delayMs) => setTimeout(callback, Math.min(delayMs, 1));
  return {
    [Symbol.dispose]: () => {
      clocks.setTimeout = setTimeout;
      time[Symbol.dispose]();
    },
  };
}

Deno.test("a worker of a cluster serves no metrics, says why, and goes on", async () => {
  const port = await freePort();
  const logger = new MemoryLogger();
  using _worker = pretendChild({ isWorker: true });
  await using obs = await start(port, logger);
  assertEquals(obs.metricsUrl, undefined);
  assertEquals(refusals(logger).length, 1, logger.lines.join("\n"));
  assertStringIncludes(refusals(logger)[0]!, "this process is a worker of a cluster");
  // Nobody listens.
  await using _other = await serve(() => new Response(), port);
  assert(obs.bus.publish("order"));
  assert(await obs.flush());
  assertStringIncludes(await obs.scrape(), "busbar_event_bus_published_events_total 1");
});

Deno.test("a handler that is mounted in such a worker says once that it shows that one", async () => {
  const logger = new MemoryLogger();
  using _worker = pretendChild({ isWorker: true });
  await using obs = await startObservability({ env: () => undefined, logger, server: false });
  await obs.scrape();
  const about = () => logger.lines.filter((line) => line.includes("one worker of a cluster"));
  assertEquals(about(), []);
  for (let i = 0; i < 3; i++) {
    const response = await obs.handler(new Request("http://localhost/metrics"));
    assertEquals(response.status, 200);
    await response.text();
  }
  assertEquals(about().length, 1, logger.lines.join("\n"));
});

Deno.test("a worker of a cluster has no thread serve the metrics, says why, and goes on", async () => {
  const logger = new MemoryLogger();
  using _worker = pretendChild({ isWorker: true });
  await using obs = await startObservability({
    env: () => undefined,
    logger,
    threads: { metricsWorker: new URL("./no_such_module.ts", import.meta.url) },
    server: false,
  });
  const about = logger.lines.filter((line) => line.startsWith("busbar: threads.metricsWorker: "));
  assertEquals(about.length, 1, logger.lines.join("\n"));
  assertStringIncludes(about[0]!, "is not started: this process is a worker of a cluster");
  assert(obs.bus.publish("order"));
});

Deno.test("a child process whose address is in use says so, and goes on", async () => {
  await using holder = await serve(() => new Response());
  const logger = new MemoryLogger();
  using _child = pretendChild({ isWorker: false });
  const time = hurry();
  const started = start(holder.port, logger);
  await started.catch(() => {});
  time[Symbol.dispose]();
  await using obs = await started;
  assertEquals(obs.metricsUrl, undefined);
  assertEquals(refusals(logger).length, 1, logger.lines.join("\n"));
  assertStringIncludes(refusals(logger)[0]!, `127.0.0.1:${holder.port} is in use`);
});

Deno.test("a child process whose address is free serves there, and its handler says nothing", async () => {
  const logger = new MemoryLogger();
  using _child = pretendChild({ isWorker: false });
  await using obs = await start(0, logger);
  const response = await fetch(obs.metricsUrl!);
  assertEquals(response.status, 200);
  await response.text();
  const [line, ...others] = logger.lines;
  assertStringIncludes(line!, `metrics at ${obs.metricsUrl}`);
  assertEquals(others, []);
});

Deno.test("a thread that says nothing of such a channel is no child process", async () => {
  await using holder = await serve(() => new Response());
  using _thread = pretendProcess(Object.create(process, {
    send: { value: () => true },
    connected: {
      get() {
        throw new TypeError("process.connected is not supported in workers");
      },
    },
  }));
  const time = hurry();
  await assertRejects(() => start(holder.port), AddressInUseError);
  time[Symbol.dispose]();
});

Deno.test("two services of one child process at one address are an error", async () => {
  using _child = pretendChild({ isWorker: false });
  const port = await freePort();
  await using _shop = await start(port);
  await assertRejects(() => start(port, new MemoryLogger(), "stock"), AddressInUseError);
});

Deno.test("no worker of a real cluster serves its metrics at the port that all share", async () => {
  const port = await freePort();
  const program = new URL("../support/programs/cluster_workers.ts", import.meta.url);
  const { stdout, stderr } = await runScript(program, [String(port)]);
  const { told, answer } = JSON.parse(stdout || JSON.stringify({ told: stderr }));
  assertEquals(answer, "none", JSON.stringify(told));
  for (const { isServed, status, lines } of told) {
    assertEquals({ isServed, status }, { isServed: false, status: 200 });
    assertStringIncludes(lines.join("\n"), "this process is a worker of a cluster");
    assertEquals(lines.join("\n").match(/those of one worker of a cluster/g)?.length, 1);
  }
  assertEquals(told.length, 2);
});
