// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does an event cost that becomes a metric? The whole way is timed: published, queued, drained,
 * added up.
 *
 * - A counter and a histogram with two attributes, against prom-client's `inc` and `observe` and the
 *   calls of OpenTelemetry's instruments, with the same attributes.
 * - A slice of one event where 500 metrics are declared, against one where one is: counters that a
 *   meter takes, counters that are collected, durations.
 * - A value past the limit of attribute sets, against one of a known set; the first value of a set,
 *   against OpenTelemetry's.
 * - The same with and without the bus's own metrics.
 *
 * Each claim runs in a process of its own, in rounds that alternate; the median counts. It fails if
 * an event was lost or a total is wrong.
 *
 * Run it with `deno task bench:metrics [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import process from "node:process";
import { measure } from "./measure.ts";
import { CONTENDERS } from "./metrics_contenders.ts";

interface Claim {
  readonly measured: string;
  readonly against: string;
  /** At most this ratio, by runtime; shown only where there is none. */
  readonly most: Readonly<Record<string, number>>;
}

const everywhere = (most: number) => ({ Deno: most, Node: most });

const CLAIMS: readonly Claim[] = [
  {
    measured: "bus → counter",
    against: "prom-client inc",
    most: { Node: 0.8, Deno: 1.25 },
  },
  {
    measured: "burst clock → counter",
    against: "prom-client inc",
    most: { Deno: 0.55 },
  },
  {
    measured: "bus → histogram",
    against: "prom-client observe",
    most: { Node: 0.8, Deno: 1.25 },
  },
  {
    measured: "burst clock → histogram",
    against: "prom-client observe",
    most: { Deno: 0.55 },
  },
  { measured: "bus → counter", against: "counter.add", most: everywhere(0.6) },
  {
    measured: "producer's share",
    against: "counter.add",
    most: everywhere(0.35),
  },
  {
    measured: "bus → histogram",
    against: "histogram.record",
    most: everywhere(0.6),
  },
  {
    measured: "producer's share",
    against: "histogram.record",
    most: everywhere(0.35),
  },
  { measured: "500 counters", against: "one counter", most: everywhere(1.2) },
  {
    measured: "500 counters, meter",
    against: "one counter, meter",
    most: everywhere(1.2),
  },
  { measured: "500 durations", against: "one duration", most: everywhere(1.2) },
  { measured: "overflow", against: "bus → counter", most: everywhere(2.5) },
  {
    measured: "overflow, names in turn",
    against: "bus → counter",
    most: everywhere(2.5),
  },
  {
    measured: "names in turn",
    against: "bus → counter",
    most: everywhere(2.5),
  },
  {
    measured: "first of a set",
    against: "first add of a set",
    most: everywhere(2),
  },
  {
    measured: "one counter, observed bus",
    against: "one counter",
    most: {},
  },
];

/** Runs a claim in this process. @returns nanoseconds an event of both */
async function compare(
  measured: string,
  against: string,
): Promise<[number, number]> {
  const made = [measured, against].map((name) => ({
    name,
    ...CONTENDERS[name]!(),
  }));
  const timings = await measure(made, made[0]!.events);
  for (const { name, check } of made) {
    const problem = check?.();
    if (problem) throw new Error(`${name}: ${problem}`);
  }
  return [timings.get(measured) ?? NaN, timings.get(against) ?? NaN];
}

function compareAll(): void {
  const { deno, bun, node } = process.versions;
  const runtime = deno ? "Deno" : bun ? "Bun" : "Node";
  console.log(`${runtime} ${deno ?? bun ?? node}, ns an event:`);
  let missed = 0;
  for (const { measured, against, most } of CLAIMS) {
    const entry = process.argv[1] as string;
    const options = deno ? ["run", "--quiet", "--config", "bench/deno.json", "-A"] : [];
    const args = [...options, entry, measured, against];
    const [time, reference] = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    ) as [number, number];
    const ratio = time / reference;
    const limit = most[runtime];
    const isMissed = limit !== undefined && !(ratio <= limit);
    if (isMissed) missed++;
    console.log(
      `${measured} ${time.toFixed(0)} / ${against} ${reference.toFixed(0)} = ${ratio.toFixed(2)}` +
        (limit === undefined ? "" : ` (at most ${limit})`) +
        (isMissed ? "  MISSED" : ""),
    );
  }
  if (missed === 0) return;
  console.log(`${missed} of ${CLAIMS.length} targets were missed`);
  process.exitCode = 1;
}

const [measured, against] = process.argv.slice(2);
if (measured === undefined || against === undefined) compareAll();
else console.log(JSON.stringify(await compare(measured, against)));
