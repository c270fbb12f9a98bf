// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does Busbar cost a request of a service, held against prom-client, pino and OpenTelemetry's SDK,
 * called directly for the same metrics, spans and log line? The packed package and the others are
 * installed from npm; each service runs in a process of its own, in turn, its log in a file, its spans
 * pushed to a collector in this process. CPU time counts, of all threads of the process, net of the
 * service without instrumentation. What has been delivered is counted: a loss fails the bench.
 *
 * Run it with `deno task bench:service [deno | node22 | node24 | bun] [rounds]`.
 *
 * @module
 */
import { pack } from "../../scripts/pack.ts";
import { Collector } from "./collector.ts";
import type { Measured } from "./drive.ts";
import { copyServices, install, RUNTIMES } from "./folder.ts";
import { quartiles } from "../measure.ts";

interface Outcome extends Measured {
  readonly counted: number;
  readonly timed: number;
}

const SPANS_PER_REQUEST = 2;

const [name = "deno", rounds = "7"] = Deno.args;
const runtime = RUNTIMES[name];
if (runtime === undefined || !(Number(rounds) >= 1)) {
  console.error(
    `Usage: bench:service [${Object.keys(RUNTIMES).join(" | ")}] [rounds]`,
  );
  Deno.exit(2);
}

/** Runs one service to its end. */
async function serve(
  folder: string,
  service: "bare" | "busbar" | "direct",
  collector?: Collector,
): Promise<Outcome> {
  const [program, ...args] = runtime!.command(folder);
  const log = `${folder}/log.jsonl`;
  const env: Record<string, string> = {
    NO_COLOR: "1",
    OTEL_METRICS_EXPORTER: "prometheus",
    SERVICE: service,
  };
  env["OTEL_LOGS_EXPORTER"] = "none";
  if (service === "direct") env["OTEL_METRICS_EXPORTER"] = "none";
  if (collector) {
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url;
    env["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
  }
  // A shell, since a file is what the services write into.
  const { success, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      `exec "$@" > ${log}`,
      "sh",
      program!,
      ...args,
      `${folder}/loop.ts`,
    ],
    cwd: folder,
    env,
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  const line = text.split("\n").find((line) => line.startsWith("{"));
  if (!success || line === undefined) throw new Error(`${service}: ${text}`);
  const outcome: Outcome = JSON.parse(line);
  const lines = (await Deno.readTextFile(log)).split("\n").length - 1;
  const { requests, counted, timed } = outcome;
  const spans = collector?.take() ?? requests * SPANS_PER_REQUEST;
  const isWhole = lines >= requests;
  const isCounted = counted === requests && timed === requests;
  if (service !== "bare" && (!isCounted || !isWhole)) {
    throw new Error(
      `${service}: ${requests} requests, ${JSON.stringify({ counted, timed, lines })}`,
    );
  }
  if (spans !== requests * SPANS_PER_REQUEST) {
    const lost = requests * SPANS_PER_REQUEST - spans;
    losses.set(service, (losses.get(service) ?? 0) + lost);
  }
  return outcome;
}

/** Spans that did not arrive, by service. */
const losses = new Map<string, number>();

await pack();
const folder = await Deno.makeTempDir();
const collector = new Collector();
try {
  const tarball = await Deno.realPath("npm/busbar.tgz");
  await install(folder, [tarball, ...runtime.packages]);
  await copyServices(folder);
  const cpu = new Map<string, number[]>();
  const calls = new Map<string, number[]>();
  const add = (to: Map<string, number[]>, key: string, value: number) =>
    void to.set(key, [...to.get(key) ?? [], value]);
  for (let round = 0; round < Number(rounds); round++) {
    const bare = await serve(folder, "bare");
    for (const traced of [undefined, collector]) {
      for (const service of ["busbar", "direct"] as const) {
        const key = traced ? `${service}, with spans` : service;
        const { cpuUsPerRequest, callsUsPerRequest } = await serve(
          folder,
          service,
          traced,
        );
        add(cpu, key, cpuUsPerRequest - bare.cpuUsPerRequest);
        add(calls, key, callsUsPerRequest - bare.callsUsPerRequest);
      }
    }
  }
  console.log(
    `${name}, ${rounds} rounds, microseconds a request, net: median (quartiles)`,
  );
  for (
    const [title, byService] of [["CPU", cpu], [
      "until the calls return",
      calls,
    ]] as const
  ) {
    for (const [service, values] of byService) {
      const [low, middle, high] = quartiles(values).map((value) => value.toFixed(2));
      console.log(`${title}, ${service}: ${middle} (${low} to ${high})`);
    }
  }
  let missed = 0;
  const claims: readonly [
    string,
    Map<string, number[]>,
    string,
    number | undefined,
  ][] = [
    ["CPU without spans", cpu, "", runtime.bounds?.[0]],
    ["CPU with spans", cpu, ", with spans", runtime.bounds?.[1]],
    ["the calls alone, without spans", calls, "", runtime.bounds?.[2]],
    ["the calls alone, with spans", calls, ", with spans", runtime.bounds?.[2]],
  ];
  for (const [title, values, suffix, most] of claims) {
    const ratios = values.get(`busbar${suffix}`)!
      .map((value, round) => value / values.get(`direct${suffix}`)![round]!);
    const [low, ratio, high] = quartiles(ratios) as [number, number, number];
    const isMissed = most !== undefined && ratio > most;
    if (isMissed) missed++;
    console.log(
      `Busbar / direct calls, ${title}: ${ratio.toFixed(2)} (${low.toFixed(2)} to ${
        high.toFixed(2)
      })` +
        (most === undefined ? "" : `, at most ${most}`) +
        (isMissed ? "  MISSED" : ""),
    );
  }
  for (const [service, lost] of losses) {
    console.log(`${service} lost ${lost} spans`);
    if (service === "busbar") missed++;
  }
  Deno.exitCode = missed > 0 ? 1 : 0;
} finally {
  await collector.close();
  await Deno.remove(folder, { recursive: true });
}
