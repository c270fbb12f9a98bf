/**
 * Tortures what threads share, for some minutes: processes of `deno serve --parallel` under load, whose
 * threads throw and hang by chance while they are scraped; and threads that are terminated at moments
 * that chance picks. It says what was seen, and fails if a total fell, or what was counted and lost is
 * not what clients were answered.
 *
 * `deno task torture [--rounds 3] [--scrapes 334] [--threads 8] [--terminations 100] [--seed 1]`
 *
 * @module
 */
import { say } from "./package/run.ts";
import { runRound, type Scrape } from "./torture/served_round.ts";
import { runTerminations } from "./torture/terminations.ts";

const DEFAULTS = { rounds: 3, scrapes: 334, threads: 8, terminations: 100, seed: 1, port: 18_464 };

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

/** Numbers as if by chance, the same for a seed. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return value.toFixed(0);
}

const times = (scrapes: readonly Scrape[]) => {
  const values = scrapes.map(({ tookMs }) => tookMs);
  return `${[0.5, 0.99, 1].map((share) => percentile(values, share)).join("/")} ms`;
};
const HELD_UP = ["hung", "given up", "cut off"] as const;

/** What scrapes took that nothing but the cores has held up, and what the others were held up by. */
function split(scrapes: readonly Scrape[]): string {
  const others = HELD_UP.flatMap((cause) => {
    const of = scrapes.filter(({ heldUpBy }) => heldUpBy === cause);
    return of.length === 0 ? [] : [`${of.length} ${cause}: ${times(of)}`];
  });
  return [times(scrapes.filter(({ heldUpBy }) => heldUpBy === undefined)), ...others].join(", ");
}

const { rounds, scrapes, threads, terminations, seed, port } = options();
const chance = chances(seed);
let faults = 0;
for (let i = 1; i <= rounds; i++) {
  const round = await runRound({ port: port + i, threads, scrapes, chance });
  const { answered, cutOff, last, idle, loaded, control, endedEarly } = round;
  say(
    `round ${i}: ${loaded.length} scrapes, ${answered} orders answered, ${cutOff} cut off; ` +
      `counted ${last.orders}, thread_lost ${last.lost}; threads ${JSON.stringify(last.threads)}` +
      (endedEarly ? "; the main thread threw, which ended the process" : ""),
  );
  say(`  a scrape took (p50/p99/max) ${times(idle)} idle, ${times(loaded)} under load`);
  say(`  under load: ${split(loaded)}; of an idle process meanwhile: ${split(control)}`);
  for (const fault of round.faults.slice(0, 10)) say(`  FAULT: ${fault}`);
  faults += round.faults.length;
}
if (terminations > 0) {
  const seen = await runTerminations(terminations, chance);
  const wrong = seen.filter(({ fault }) => fault !== undefined);
  const losing = seen.filter(({ lost }) => lost > 0);
  say(
    `${seen.length} terminations: ${losing.length} took events along, ` +
      `${losing.reduce((sum, { lost }) => sum + lost, 0)} in all; ${wrong.length} do not add up`,
  );
  for (const termination of wrong.slice(0, 10)) say(`  FAULT: ${JSON.stringify(termination)}`);
  faults += wrong.length;
}
say(faults === 0 ? "no total fell, and all of it adds up" : `${faults} faults`);
Deno.exit(faults === 0 ? 0 : 1);
