import { delay } from "@std/async";
import { readTotals, type Totals } from "./scrape.ts";

/** What one process of `deno serve --parallel` goes through. */
export interface RoundOptions {
  readonly port: number;
  readonly threads: number;
  readonly scrapes: number;
  /** A number from 0 to 1, by chance. */
  readonly chance: () => number;
}

/** What was seen of it. */
export interface Round {
  /** Orders that clients were answered, and those whose answer never came. */
  readonly answered: number;
  readonly cutOff: number;
  readonly last: Totals;
  /** How long scrapes took, in milliseconds: of an idle process, and under load. */
  readonly idleMs: readonly number[];
  readonly loadedMs: readonly number[];
  /** Scrapes whose connection a thread had accepted that hung or ended then. */
  readonly caught: number;
  /** What must never be. */
  readonly faults: readonly string[];
  /** Whether the thread that threw was the main one, whose end is the process's. */
  readonly endedEarly: boolean;
}

const CLIENTS = 16;
const IDLE_SCRAPES = 30;
/** A scrape that a hanging thread has accepted is given up. */
const SCRAPE_TIMEOUT_MS = 1_000;
const ORDER_TIMEOUT_MS = 3_000;
/** After so much silence a thread counts as ended, and what it took along as lost. */
const DEATH_MS = 33_000;

/** Puts a process under load, has its threads throw and hang, and scrapes it all the while. */
export async function runRound(options: RoundOptions): Promise<Round> {
  const { port, threads, scrapes, chance } = options;
  const origin = `http://127.0.0.1:${port}`;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["serve", "--quiet", "--no-check", "--allow-all", "--parallel", "--host=127.0.0.1"],
      ...[`--port=${port}`, new URL("./served.ts", import.meta.url).pathname],
    ],
    env: { DENO_JOBS: String(threads) },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const ended = { is: false };
  process.status.then(() => ended.is = true);
  const ask = async (path: string, timeoutMs: number): Promise<string> => {
    const response = await fetch(`${origin}${path}`, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return await response.text();
  };
  let answered = 0;
  let cutOff = 0;
  let caught = 0;
  const faults: string[] = [];
  let last = readTotals("");
  const scrape = async (durations: number[]): Promise<void> => {
    // What had been answered before is in it.
    const answeredBefore = answered;
    const startedAt = performance.now();
    let text: string;
    try {
      text = await ask("/metrics", SCRAPE_TIMEOUT_MS);
    } catch {
      if (!ended.is) caught++;
      return;
    }
    durations.push(performance.now() - startedAt);
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
  try {
    while (!ended.is && last.threads["alive"] !== threads) {
      await scrape([]);
      await delay(100);
    }
    caught = 0;
    const idleMs: number[] = [];
    for (let i = 0; i < IDLE_SCRAPES; i++) await scrape(idleMs);

    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!isOver && !ended.is) {
        try {
          await ask("/order", ORDER_TIMEOUT_MS);
          answered++;
        } catch {
          cutOff++;
        }
      }
    });
    let hanging = 0;
    const chaos = (async () => {
      while (!isOver && !ended.is) {
        await delay(200 + chance() * 800);
        const dice = chance();
        // Two of the threads hang for ever, at most: they keep the cores busy.
        const path = dice < 0.03
          ? "/throw"
          : dice < 0.2 && hanging++ < 2
          ? "/hang?ms=1e12"
          : `/hang?ms=${Math.round(100 + chance() * 3_000)}`;
        ask(path, 100).catch(() => {});
      }
    })();
    const loadedMs: number[] = [];
    for (let i = 0; i < scrapes && !ended.is; i++) {
      await scrape(loadedMs);
      await delay(10);
    }
    isOver = true;
    const endedEarly = ended.is;
    await Promise.all([chaos, ...clients]);
    if (!ended.is) {
      await delay(DEATH_MS);
      for (let i = 0; i < 10; i++) await scrape([]);
      const { orders, accepted, lost } = last;
      if (orders + lost !== accepted) {
        faults.push(`${accepted} accepted, ${orders} delivered and ${lost} lost do not add up`);
      }
      if (orders + lost < answered || orders + lost > answered + cutOff) {
        faults.push(
          `${answered} answered and ${cutOff} cut off, ${orders} counted and ${lost} lost`,
        );
      }
    }
    return { answered, cutOff, last, idleMs, loadedMs, caught, faults, endedEarly };
  } finally {
    if (!ended.is) process.kill("SIGKILL");
    await process.status;
  }
}
