// deno-lint-ignore-file no-console -- a script prints what it does
/**
 * Random spans, log records and metrics, pushed to a real OpenTelemetry Collector by Busbar's exporters
 * and by OpenTelemetry's own: what the collector hands on must be the same, field by field. The spans
 * are Busbar's own, next to those that OpenTelemetry's SDK makes of the same calls.
 *
 * Run it alone with `deno run --allow-all scripts/conformance/pushes.ts [how many] [seed]`.
 *
 * @module
 */
import { resourceFromAttributes } from "@opentelemetry/resources";
import { OTLPLogExporter } from "npm:@opentelemetry/exporter-logs-otlp-proto@0.301.0";
import { OTLPMetricExporter } from "npm:@opentelemetry/exporter-metrics-otlp-proto@0.301.0";
import { OTLPTraceExporter } from "npm:@opentelemetry/exporter-trace-otlp-proto@0.301.0";
import { createOtlpExporters } from "@busbar/busbar/otel";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { type Collector, collectorProgram, startCollector } from "./collector.ts";
import { itemsOf, pushOf } from "./flatten.ts";
import {
  type Random,
  randomFrom,
  randomLogRecords,
  randomMetrics,
  randomSpans,
  resourceOf,
} from "./random_telemetry.ts";

/** What a run has found. */
export interface PushCounts {
  readonly pushes: number;
  readonly spans: number;
  readonly logRecords: number;
  readonly dataPoints: number;
  /** What differed, or was refused: each in a few lines. */
  readonly faults: readonly string[];
}

interface Exporter {
  export(items: never, callback: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

/** One push, made twice. */
interface Push {
  readonly signal: "spans" | "logRecords" | "dataPoints";
  readonly ours: { readonly exporter: Exporter; readonly items: unknown };
  readonly official: { readonly exporter: Exporter; readonly items: unknown };
}

/** One for each signal. */
const PLANTED = 3;
const SIGNALS = ["spans", "logRecords", "dataPoints"] as const;

/**
 * Pushes so many times and compares.
 *
 * @param options `plant` breaks each push of ours on its way, so that each must be found
 */
export async function checkPushes(
  collector: Collector,
  options: { readonly count: number; readonly seed: number; readonly plant?: boolean },
): Promise<PushCounts> {
  const { count, seed, plant = false } = options;
  const counts = { spans: 0, logRecords: 0, dataPoints: 0 };
  const faults: string[] = [];
  for (let i = 0; i < count; i++) {
    const random = randomFrom(seed + i * 1_000);
    const push = await makePush(SIGNALS[i % 3]!, random, collector.endpoint);
    const what = `push ${i} (seed ${seed}, ${push.signal})`;
    const official = await send(push.official, "official", collector);
    const ours = await send(plant ? broken(push) : push.ours, "ours", collector);
    counts[push.signal] += ours.items.length;
    const fault = ours.error ?? official.error ?? firstDifference(ours.items, official.items);
    if (fault !== undefined) faults.push(`${what}: ${fault}`);
  }
  return { pushes: count, ...counts, faults };
}

async function makePush(
  signal: Push["signal"],
  random: Random,
  endpoint: string,
): Promise<Push> {
  const { protocol, compression, maxExportBatchSize } = random(fc.record({
    protocol: fc.constantFrom("http/protobuf" as const, "http/json" as const),
    compression: fc.constantFrom("none" as const, "gzip" as const),
    maxExportBatchSize: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  }));
  const { traces, metrics, logs } = createOtlpExporters({
    endpoint,
    protocol,
    compression,
    metrics: { maxExportBatchSize },
  });
  const url = (name: string) => ({ url: `${endpoint}/v1/${name}` });
  if (signal === "spans") {
    const [ours, official] = randomSpans(random, "ours", "official");
    return {
      signal,
      ours: { exporter: traces, items: ours },
      official: { exporter: new OTLPTraceExporter(url("traces")), items: official },
    };
  }
  if (signal === "logRecords") {
    const records = randomLogRecords(random);
    const of = (push: string) => {
      const resource = resourceFromAttributes(resourceOf(push));
      return records.map((record) => Object.create(record, { resource: { value: resource } }));
    };
    return {
      signal,
      ours: { exporter: logs, items: of("ours") },
      official: { exporter: new OTLPLogExporter(url("logs")), items: of("official") },
    };
  }
  const collected = await randomMetrics(random);
  const of = (push: string) => ({
    ...collected,
    resource: resourceFromAttributes(resourceOf(push)),
  });
  return {
    signal,
    ours: { exporter: metrics, items: of("ours") },
    official: { exporter: new OTLPMetricExporter(url("metrics")), items: of("official") },
  };
}

/** What is pushed, with one small thing wrong in it. */
function broken({ signal, ours: { exporter, items } }: Push): Push["ours"] {
  if (signal === "dataPoints") {
    const metrics = items as ResourceMetrics;
    const [scope, ...others] = metrics.scopeMetrics;
    const wrong = { ...scope, scope: { ...scope!.scope, version: "1.0.1" } };
    return { exporter, items: { ...metrics, scopeMetrics: [wrong, ...others] } };
  }
  const [first, ...others] = items as { name?: string; severityText?: string }[];
  const field = signal === "spans" ? "name" : "severityText";
  const value = `${first![field] ?? ""}?`;
  return { exporter, items: [Object.create(first!, { [field]: { value } }), ...others] };
}

/** Sends, and waits for all that the collector makes of it. */
async function send(
  { exporter, items }: Push["ours"],
  push: string,
  collector: Collector,
): Promise<{ items: string[]; error?: string }> {
  let result: { code: number; error?: Error } | undefined;
  const sent = new Promise<void>((resolve) =>
    exporter.export(items as never, (outcome) => {
      result = outcome;
      resolve();
    })
  );
  const received: string[] = [];
  // The collector answers when the receiver has: at the end there is nothing under way.
  await sent;
  await exporter.shutdown();
  for (;;) {
    const item = collector.take();
    if (item === undefined) break;
    if (pushOf(item.body) !== push) continue;
    received.push(...itemsOf(item.body));
  }
  return result?.code === 0
    ? { items: received }
    : { items: received, error: `${push} failed: ${result?.error?.message}` };
}

function firstDifference(ours: string[], official: string[]): string | undefined {
  if (ours.length !== official.length) {
    return `${ours.length} items, officially ${official.length}`;
  }
  const at = ours.findIndex((item, i) => item !== official[i]);
  if (at === -1) return undefined;
  return `item ${at} differs:\n  ours     ${ours[at]}\n  official ${official[at]}`;
}

/**
 * Builds and starts a collector, pushes, and prints what was found; faults are planted as well, which
 * must all be found.
 *
 * @returns whether nothing differed, and each planted fault was found; or there is no collector
 */
export async function runPushes(
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<boolean> {
  await using program = await collectorProgram();
  if (program === undefined) {
    console.log("no collector is pushed to: there is neither OTELCOL_BIN nor Go");
    return true;
  }
  await using collector = await startCollector(program.path);
  const { faults, ...counts } = await checkPushes(collector, { count, seed });
  for (const fault of faults) console.error(fault);
  const planted = await checkPushes(collector, { count: PLANTED, seed, plant: true });
  console.log(
    `${counts.pushes} pushes: ${counts.spans} spans, ${counts.logRecords} log records, ` +
      `${counts.dataPoints} data points; ${faults.length} differ; of ${PLANTED} planted faults ` +
      `${planted.faults.length} were found`,
  );
  return faults.length === 0 && planted.faults.length === PLANTED;
}

if (import.meta.main) {
  const [count = 300, seed = 1] = Deno.args.map(Number);
  Deno.exit(await runPushes({ count, seed }) ? 0 : 1);
}
