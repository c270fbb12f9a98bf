// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does the Express adapter add to a request over HTTP, with metrics, spans that are pushed to a
 * collector, a line of the access log in a file, and an operation in each request? It is held against
 * the same service with listeners that do nothing, and may add as much as a request of
 * `bench:service` with spans, which does the same without sockets, and 10 microseconds.
 *
 * The services have one core, wrk and the collector the other; they take turns, round after round. CPU
 * time counts, of all threads of the process, divided by the requests. A loss fails the bench.
 *
 * Run it with `deno task bench:wrk [rounds] [seconds] [node22 | node24]`; it needs `wrk` and `taskset`.
 *
 * @module
 */
import { pack } from "../../scripts/pack.ts";
import { median, spread } from "../measure.ts";
import { Collector } from "../service/collector.ts";
import { copyServices, install, RUNTIMES } from "../service/folder.ts";
import { HttpService, OTHER_CORE, run, start } from "../service/http_service.ts";

const [rounds = "12", seconds = "3", runtime = "node22"] = Deno.args;
const MAX_ADDED_US = 10;
const WARM_UP = 30_000;

const NODE = RUNTIMES[runtime]!;
if (!/^node\d+$/.test(runtime)) throw new Error(`It runs on Node, not on ${runtime}`);

/** What pushes its spans to the collector, and writes no other records of the log. */
const environment = (collector: Collector) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  OTEL_LOGS_EXPORTER: "none",
});

function startService(folder: string, mode: string, collector: Collector): Promise<HttpService> {
  return HttpService.start({
    folder,
    name: mode,
    command: [...NODE.command(folder), "service.js"],
    env: { ...environment(collector), MODE: mode },
  });
}

/** Runs a service of `bench:service`, which makes its requests itself. */
async function withoutSockets(
  folder: string,
  service: "bare" | "busbar",
  collector: Collector,
): Promise<number> {
  const { success, stderr } = await start({
    folder,
    name: `${service}-loop`,
    command: [...NODE.command(folder), "loop.ts"],
    env: { ...environment(collector), OTEL_METRICS_EXPORTER: "prometheus", SERVICE: service },
  }).output();
  const text = new TextDecoder().decode(stderr);
  const line = text.split("\n").find((line) => line.startsWith("{"));
  if (!success || line === undefined) throw new Error(`${service}: ${text}`);
  return JSON.parse(line).cpuUsPerRequest;
}

/** Asks a service; returns the CPU time a request and their number. */
async function measure(service: HttpService): Promise<{ cpuUs: number; requests: number }> {
  const { cpuUsPerRequest, requests, after } = await service.load(Number(seconds));
  if (Number(after["lost"]) > 0) throw new Error(`lost ${after["lost"]} events`);
  return { cpuUs: cpuUsPerRequest, requests };
}

await pack();
await run("taskset", ["-cp", OTHER_CORE, String(Deno.pid)]);
const folder = await Deno.makeTempDir();
const collector = new Collector();
try {
  const tarball = await Deno.realPath("npm/busbar.tgz");
  await install(folder, [tarball, "express@5", ...NODE.packages]);
  await Deno.copyFile("bench/wrk/service.js", `${folder}/service.js`);
  await copyServices(folder);
  const cpu = { nothing: [] as number[], busbar: [] as number[] };
  const added: number[] = [];
  const allowed: number[] = [];
  await using nothing = await startService(folder, "nothing", collector);
  await using busbar = await startService(folder, "busbar", collector);
  const services = { nothing, busbar };
  for (const service of Object.values(services)) {
    await service.warmUp(WARM_UP, Number(seconds));
  }
  for (let round = 0; round < Number(rounds); round++) {
    const order = round % 2 === 0 ? ["nothing", "busbar"] as const : ["busbar", "nothing"] as const;
    for (const mode of order) {
      collector.take();
      const { cpuUs, requests } = await measure(services[mode]);
      cpu[mode].push(cpuUs);
      const lost = (mode === "busbar" ? 2 * requests : 0) - collector.take();
      if (lost !== 0) throw new Error(`${lost} spans are missing`);
    }
    added.push(cpu.busbar.at(-1)! - cpu.nothing.at(-1)!);
    const bare = await withoutSockets(folder, "bare", collector);
    allowed.push(await withoutSockets(folder, "busbar", collector) - bare);
  }
  console.log(
    `${rounds} rounds of ${seconds} s, microseconds of CPU a request: median (quartiles)`,
  );
  console.log(`listeners that do nothing:  ${spread(cpu.nothing)}`);
  console.log(`everything on:              ${spread(cpu.busbar)}`);
  console.log(`what that adds:             ${spread(added)}`);
  console.log(`bench:service, with spans:  ${spread(allowed)}`);
  const most = median(allowed) + MAX_ADDED_US;
  const isMissed = median(added) > most;
  console.log(`at most ${most.toFixed(1)}${isMissed ? "  MISSED" : ""}`);
  if (isMissed) Deno.exitCode = 1;
} finally {
  await collector.close();
  await Deno.remove(folder, { recursive: true });
}
