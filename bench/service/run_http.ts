// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does Busbar cost a request over HTTP, held against prom-client, pino and OpenTelemetry's SDK,
 * called directly for the same metrics, spans and log line? Both are held against the service with
 * Busbar's calls and a `publish` that does nothing, which has the same middleware and listeners.
 *
 * All services are alive; they have one core, wrk and the collector the other. They take turns, and
 * every second round in the opposite order. Two processes of the very same service differ by more than
 * what is measured here (their heaps settle differently): so all are started anew again and again. CPU
 * time counts, of all threads of the process. What was delivered is counted: a loss fails the bench.
 *
 * Run it with `deno task bench:service:http [deno | node22 | node24 | bun] [rounds] [seconds]`; it needs
 * `wrk` and `taskset`.
 *
 * @module
 */
import { pack } from "../../scripts/pack.ts";
import { quartiles, spread } from "../measure.ts";
import { Collector } from "./collector.ts";
import { copyServices, install, RUNTIMES } from "./folder.ts";
import { HttpService, type Load, OTHER_CORE, run } from "./http_service.ts";

const WARM_UP = 20_000;
/** How often a service is started. */
const PROCESSES = 5;
const SPANS_PER_REQUEST = 2;
/** What Busbar adds, as a part of what the direct calls add at most: without spans, and with. */
const BOUNDS = { plain: 0.8, traced: 0.9 };

const [name = "node22", rounds = "20", seconds = "2"] = Deno.args;
const runtime = RUNTIMES[name];
if (runtime === undefined || !(Number(rounds) >= 1) || !(Number(seconds) >= 1)) {
  console.error(
    `Usage: bench:service:http [${Object.keys(RUNTIMES).join(" | ")}] [rounds] [seconds]`,
  );
  Deno.exit(2);
}

interface Contender {
  readonly name: string;
  readonly service: "hooked" | "busbar" | "direct";
  readonly isTraced: boolean;
}

const CONTENDERS: readonly Contender[] = [
  { name: "hooked", service: "hooked", isTraced: false },
  { name: "busbar", service: "busbar", isTraced: false },
  { name: "direct", service: "direct", isTraced: false },
  { name: "busbar, with spans", service: "busbar", isTraced: true },
  { name: "direct, with spans", service: "direct", isTraced: true },
];

/** What was measured of one of them, in all its processes, and what it lost. */
interface Result extends Contender {
  readonly loads: Load[];
  lostSpans: number;
}

interface Running {
  readonly result: Result;
  readonly http: HttpService;
}

const logName = ({ name }: Contender) => name.replace(", ", "-").replace(" ", "-");

async function startAll(
  folder: string,
  results: readonly Result[],
  collector: Collector,
  stack: AsyncDisposableStack,
): Promise<Running[]> {
  const running: Running[] = [];
  for (const result of results) {
    const { service, isTraced } = result;
    const http = stack.use(
      await HttpService.start({
        folder,
        name: logName(result),
        command: [...runtime!.command(folder), "http.mjs"],
        env: {
          NO_COLOR: "1",
          SERVICE: service,
          OTEL_LOGS_EXPORTER: "none",
          OTEL_METRICS_EXPORTER: service === "direct" ? "none" : "prometheus",
          ...(isTraced
            ? {
              OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
              OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
            }
            : {}),
        },
      }),
    );
    running.push({ result, http });
  }
  return running;
}

/** Asks one of them, and counts what it has delivered. */
async function loadOne({ result, http }: Running, collector: Collector): Promise<void> {
  const { name, service, isTraced, loads } = result;
  collector.take();
  const load = await http.load(Number(seconds));
  loads.push(load);
  if (service === "hooked") return;
  for (const what of ["counted", "timed"]) {
    const delivered = Number(load.after[what]) - Number(load.before[what]);
    if (delivered !== load.requests) {
      throw new Error(`${name}: ${delivered} of ${load.requests} were ${what}`);
    }
  }
  if (isTraced) {
    result.lostSpans += load.requests * SPANS_PER_REQUEST - await arrived(load, collector);
  }
}

/** The spans of a round: the last batch of the SDK leaves up to five seconds later. */
async function arrived({ requests }: Load, collector: Collector): Promise<number> {
  const wanted = requests * SPANS_PER_REQUEST;
  let spans = collector.take();
  for (let waited = 0; spans < wanted && waited < 60; waited++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    spans += collector.take();
  }
  return spans;
}

/** Starts all of them, and has each asked in turn, so many times. */
async function runProcesses(
  folder: string,
  results: readonly Result[],
  collector: Collector,
  rounds: number,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const all = await startAll(folder, results, collector, stack);
  for (const { http } of all) await http.warmUp(WARM_UP, Number(seconds));
  await arrived({ requests: Infinity } as Load, collector);
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 === 0 ? all : all.toReversed()) await loadOne(one, collector);
  }
  for (const { result } of all) {
    if (result.service === "hooked") continue;
    const lines = (await Deno.readTextFile(`${folder}/${logName(result)}.log`)).split("\n").length -
      1;
    const { requests } = result.loads.at(-1)!.after;
    if (lines < requests) throw new Error(`${result.name}: ${lines} lines of ${requests} requests`);
  }
}

await pack();
await run("taskset", ["-cp", OTHER_CORE, String(Deno.pid)]);
const folder = await Deno.makeTempDir();
const collector = new Collector();
const results: Result[] = CONTENDERS.map((one) => ({ ...one, loads: [], lostSpans: 0 }));
const roundsEach = Math.ceil(Number(rounds) / PROCESSES);
try {
  const tarball = await Deno.realPath("npm/busbar.tgz");
  await install(folder, [tarball, "express@5", ...runtime.packages]);
  await copyServices(folder);
  for (let processes = 0; processes < PROCESSES; processes++) {
    // Who was started first has no advantage.
    const order = processes % 2 === 0 ? results : results.toReversed();
    await runProcesses(folder, order, collector, roundsEach);
  }
  console.log(
    `${name}, ${PROCESSES} processes of each, ${roundsEach} rounds of ${seconds} s: median (quartiles)`,
  );
  const added = new Map<string, number[]>();
  for (const { name, service, loads, lostSpans } of results) {
    const cpu = loads.map(({ cpuUsPerRequest }) => cpuUsPerRequest);
    added.set(name, cpu.map((value, round) => value - results[0]!.loads[round]!.cpuUsPerRequest));
    const rss = loads.map(({ rssBytes }) => rssBytes / 2 ** 20);
    const perSecond = loads.map(({ requestsPerSecond }) => requestsPerSecond);
    console.log(
      `${name}: ${spread(cpu)} us of CPU a request, adds ${spread(added.get(name)!)}; ` +
        `${spread(perSecond, 0)} requests a second; ${spread(rss, 0)} MiB`,
    );
    if (lostSpans !== 0) console.log(`${name} lost ${lostSpans} spans`);
    if (service === "busbar" && lostSpans !== 0) Deno.exitCode = 1;
  }
  for (const [suffix, most] of [["", BOUNDS.plain], [", with spans", BOUNDS.traced]] as const) {
    const [, busbar] = quartiles(added.get(`busbar${suffix}`)!);
    const [, direct] = quartiles(added.get(`direct${suffix}`)!);
    const isMissed = busbar / direct > most;
    if (isMissed) Deno.exitCode = 1;
    console.log(
      `Busbar / direct calls${suffix}: ${(busbar / direct).toFixed(2)}, at most ${most}` +
        (isMissed ? "  MISSED" : ""),
    );
  }
} finally {
  await collector.close();
  await Deno.remove(folder, { recursive: true });
}
