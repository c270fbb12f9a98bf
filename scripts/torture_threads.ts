/**
 * Tortures what threads share, for some minutes: processes of `deno serve --parallel` under load, whose
 * threads throw and hang by chance while they are scraped; threads that are terminated at moments that
 * chance picks; and threads that push deltas, of which always the one that pushes is terminated, or
 * hangs and goes on. It says what was seen, and fails if a total fell, if what was counted and lost is
 * not what clients were answered, or if a delta has arrived twice.
 *
 * `deno task torture [--rounds 3] [--scrapes 334] [--threads 8] [--terminations 100] [--pushers 100]
 * [--seed 1]`
 *
 * @module
 */
import { say } from "./package/run.ts";
import { WORKER_KINDS } from "./torture/either_worker.ts";
import { chances } from "./torture/load.ts";
import { runPushes } from "./torture/pushes.ts";
import { PORTS_PER_ROUND, runRound, type Scraped } from "./torture/served_round.ts";
import { runTerminations } from "./torture/terminations.ts";
import { byCause, type TimedScrape } from "./torture/timed_scrape.ts";

const DEFAULTS = {
  rounds: 3,
  scrapes: 334,
  threads: 8,
  terminations: 100,
  pushers: 100,
  seed: 1,
  port: 18_464,
};
/** How many services have their pushing threads replaced at the same time. */
const SERVICES = 4;

function options(): typeof DEFAULTS {
  const given: Record<string, number> = { ...DEFAULTS };
  for (let i = 0; i < Deno.args.length; i += 2) {
    const name = Deno.args[i]?.replace(/^--/, "") ?? "";
    const value = Number(Deno.args[i + 1]);
    if (!Object.hasOwn(DEFAULTS, name) || !Number.isInteger(value) || value < 0) {
      say(`Usage: ${Object.entries(DEFAULTS).map(([one, is]) => `[--${one} ${is}]`).join(" ")}`);
      Deno.exit(2);
    }
    given[name] = value;
  }
  return given as typeof DEFAULTS;
}

/** A scrape is late that takes so much longer than those before the load, in milliseconds. */
const MAX_LONGER_MS = 100;

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return value.toFixed(0);
}

const times = (scrapes: readonly TimedScrape[]) => {
  const values = scrapes.map(({ tookMs }) => tookMs);
  return `${[0.5, 0.99, 1].map((share) => percentile(values, share)).join("/")} ms`;
};

/** What scrapes took, by what has held them up, and how many took longer than they may. */
function split(scrapes: readonly TimedScrape[], before: readonly TimedScrape[]): string {
  const usualMs = before.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)[before.length >> 1]!;
  const causes = [...byCause(scrapes)].map(([cause, of]) => {
    const late = of.filter(({ tookMs }) => tookMs > usualMs + MAX_LONGER_MS).length;
    return `${of.length} ${cause}: ${times(of)}, ${late} of them late`;
  });
  return causes.join("; ");
}

const { rounds, scrapes, threads, terminations, pushers, seed, port } = options();
let faults = 0;
for (let i = 1; i <= rounds; i++) {
  const round = await runRound({
    port: port + i * PORTS_PER_ROUND,
    threads,
    scrapes,
    seed: seed + i,
  });
  const { answered, cutOff, last, before, loaded, endedEarly } = round;
  say(
    `round ${i}: ${answered} orders answered, ${cutOff} cut off; counted ${last.orders}, ` +
      `thread_lost ${last.lost}; threads ${JSON.stringify(last.threads)}` +
      (endedEarly ? "; the main thread threw, which ended the process" : ""),
  );
  for (const who of Object.keys(loaded) as Scraped[]) {
    say(
      `  ${who}: a scrape took (p50/p99/max) ${times(before[who])} before; ${
        split(loaded[who], before[who])
      }`,
    );
  }
  for (const fault of round.faults.slice(0, 10)) say(`  FAULT: ${fault}`);
  faults += round.faults.length;
}
if (terminations > 0) {
  const seen = await runTerminations(terminations, chances(seed));
  const wrong = seen.filter(({ fault }) => fault !== undefined);
  const losing = seen.filter(({ lost }) => lost > 0);
  say(
    `${seen.length} terminations: ${losing.length} took events along, ` +
      `${losing.reduce((sum, { lost }) => sum + lost, 0)} in all; ${wrong.length} do not add up`,
  );
  for (const termination of wrong.slice(0, 10)) say(`  FAULT: ${JSON.stringify(termination)}`);
  faults += wrong.length;
}
if (pushers > 0) {
  const seen = await Promise.all(
    Array.from({ length: SERVICES }, (_, i) =>
      runPushes(`torture-pushes-${i}`, {
        kind: WORKER_KINDS[i % WORKER_KINDS.length]!,
        replacements: Math.ceil(pushers / SERVICES),
        chance: chances(seed + i),
      })),
  );
  const sum = (pick: (one: typeof seen[number]) => number) =>
    seen.reduce((sum, one) => sum + pick(one), 0);
  say(
    `of the threads that pushed, ${sum(({ terminations }) => terminations)} were terminated and ` +
      `${sum(({ hangs }) => hangs)} hung: ${sum(({ counted }) => counted)} counted, ` +
      `${sum(({ received }) => received)} received in ${sum(({ pushes }) => pushes)} pushes, ` +
      `${sum(({ doubts }) => doubts)} said to be in doubt, ${sum(({ gaps }) => gaps)} missing`,
  );
  for (const { faults: found } of seen) {
    for (const fault of found) say(`  FAULT: ${fault}`);
    faults += found.length;
  }
}
say(faults === 0 ? "no total fell, and all of it adds up" : `${faults} faults`);
Deno.exit(faults === 0 ? 0 : 1);
