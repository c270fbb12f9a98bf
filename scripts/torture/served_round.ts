import { delay } from "@std/async";
import { startLoad } from "./load.ts";
import { readTotals, type Totals } from "./scrape.ts";
import { METRICS_PORT } from "./served_options.ts";
import { type TimedScrape, timeScrape } from "./timed_scrape.ts";

/** What one process of `deno serve --parallel` goes through. */
export interface RoundOptions {
  readonly port: number;
  readonly threads: number;
  readonly scrapes: number;
  /** What chance begins with. */
  readonly seed: number;
}

/** Who is scraped: the worker that serves all threads' metrics, any of the threads, an idle process. */
export type Scraped = "worker" | "threads" | "idle process";

/** What was seen of it. */
export interface Round {
  /** Orders that clients were answered, and those whose answer never came. */
  readonly answered: number;
  readonly cutOff: number;
  readonly last: Totals;
  /** Scrapes before the load, and under it. */
  readonly before: Readonly<Record<Scraped, readonly TimedScrape[]>>;
  readonly loaded: Readonly<Record<Scraped, readonly TimedScrape[]>>;
  /** What must never be. */
  readonly faults: readonly string[];
  /** Whether the thread that threw was the main one, whose end is the process's. */
  readonly endedEarly: boolean;
}

const SCRAPES_BEFORE = 30;
/** What a process needs beside its own port: one for the worker; those of the idle one are behind. */
const PORTS = 2;
/** After so much silence a thread counts as ended, and what it took along as lost. */
const DEATH_MS = 33_000;

/** How many ports a round takes. */
export const PORTS_PER_ROUND = 2 * PORTS;

/** Puts a process under load, has its threads throw and hang, and scrapes it all the while. */
export async function runRound({ port, threads, scrapes, seed }: RoundOptions): Promise<Round> {
  const tortured = serve(port, threads);
  const idle = serve(port + PORTS, 1);
  const urls: Record<Scraped, string> = {
    "worker": urlOf(port + 1),
    "threads": urlOf(port),
    // In the same way as the tortured one.
    "idle process": urlOf(port + PORTS + 1),
  };
  const ended = { is: false };
  tortured.status.then(() => ended.is = true);
  const faults: string[] = [];
  let last = readTotals("");
  let answered = () => 0;
  const scrape = async (who: Scraped, seen: Record<Scraped, TimedScrape[]>): Promise<void> => {
    // What had been answered before is in it.
    const answeredBefore = answered();
    const { text, scrape } = await timeScrape(urls[who]);
    if (ended.is) return;
    seen[who].push(scrape);
    if (text === undefined || who === "idle process") return;
    const totals = readTotals(text);
    if (totals.orders < last.orders) {
      faults.push(`orders fell from ${last.orders} to ${totals.orders}`);
    }
    if (totals.accepted < last.accepted) {
      faults.push(`accepted events fell from ${last.accepted} to ${totals.accepted}`);
    }
    if (totals.accepted < answeredBefore) {
      faults.push(`${answeredBefore} were answered, and ${totals.accepted} counted`);
    }
    last = totals;
  };
  const all = async (seen: Record<Scraped, TimedScrape[]>) => {
    for (const who of Object.keys(urls) as Scraped[]) {
      if (!ended.is) await scrape(who, seen);
      await delay(10);
    }
  };
  try {
    // The worker is a thread as well.
    for (let ready = empty(); !ended.is; ready = empty()) {
      await all(ready);
      const isAnswered = Object.values(ready).every(([one]) => one?.failure === undefined);
      if (isAnswered && last.threads["alive"] === threads + 1) break;
      await delay(100);
    }
    const before = empty();
    for (let i = 0; i < SCRAPES_BEFORE; i++) await all(before);
    const load = startLoad(`http://127.0.0.1:${port}`, seed);
    answered = () => load.answered;
    const loaded = empty();
    for (let i = 0; i < scrapes && !ended.is; i++) await all(loaded);
    const endedEarly = ended.is;
    await load.end();
    const { cutOff } = load;
    if (!ended.is) {
      await delay(DEATH_MS);
      for (let i = 0; i < 10; i++) await scrape("threads", empty());
      const { orders, accepted, lost } = last;
      if (orders + lost !== accepted) {
        faults.push(`${accepted} accepted, ${orders} delivered and ${lost} lost do not add up`);
      }
      if (orders + lost < answered() || orders + lost > answered() + cutOff) {
        faults.push(
          `${answered()} answered and ${cutOff} cut off, ${orders} counted and ${lost} lost`,
        );
      }
    }
    return { answered: answered(), cutOff, last, before, loaded, faults, endedEarly };
  } finally {
    await kill(tortured);
    await kill(idle);
  }
}

const urlOf = (port: number) => `http://127.0.0.1:${port}/metrics`;

function empty(): Record<Scraped, TimedScrape[]> {
  return { "worker": [], "threads": [], "idle process": [] };
}

/** Serves orders and metrics from so many threads, and metrics from the port behind. */
function serve(port: number, threads: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["serve", "--quiet", "--no-check", "--allow-all", "--parallel", "--host=127.0.0.1"],
      ...[`--port=${port}`, new URL("./served.ts", import.meta.url).pathname],
    ],
    env: { DENO_JOBS: String(threads), [METRICS_PORT]: String(port + 1) },
    stdout: "null",
    stderr: Deno.env.get("TORTURE_STDERR") ? "inherit" : "null",
  }).spawn();
}

async function kill(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await process.status;
}
