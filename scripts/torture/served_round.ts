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
  /** Scrapes before the load, and under it. */
  readonly idle: readonly Scrape[];
  readonly loaded: readonly Scrape[];
  /** Scrapes of an idle process meanwhile, which has one thread and none that hangs. */
  readonly control: readonly Scrape[];
  /** What must never be. */
  readonly faults: readonly string[];
  /** Whether the thread that threw was the main one, whose end is the process's. */
  readonly endedEarly: boolean;
}

/** How long a scrape took, and what has held it up, if it was held up by more than the cores. */
export interface Scrape {
  readonly tookMs: number;
  /**
   * `hung`: a thread had its connection, and hung then; `given up`: the same, for too long; `cut off`:
   * the connection was refused or ended, as that of a thread that throws is.
   */
  readonly heldUpBy?: "hung" | "given up" | "cut off" | undefined;
}

const CLIENTS = 16;
const IDLE_SCRAPES = 30;
/** How far the port of the idle process is from that of the tortured one. */
const CONTROL_PORT = 100;
/** A scrape that a hanging thread has accepted is given up. */
const SCRAPE_TIMEOUT_MS = 1_000;
const ORDER_TIMEOUT_MS = 3_000;
/** After so much silence a thread counts as ended, and what it took along as lost. */
const DEATH_MS = 33_000;

/** Puts a process under load, has its threads throw and hang, and scrapes it all the while. */
export async function runRound(options: RoundOptions): Promise<Round> {
  const { port, threads, scrapes, chance } = options;
  const origin = `http://127.0.0.1:${port}`;
  const controlOrigin = `http://127.0.0.1:${port + CONTROL_PORT}`;
  const process = serve(port, threads);
  const control = serve(port + CONTROL_PORT, 1);
  const ended = { is: false };
  process.status.then(() => ended.is = true);
  let answered = 0;
  let cutOff = 0;
  const faults: string[] = [];
  let last = readTotals("");
  const scrape = async (seen: Scrape[]): Promise<void> => {
    // What had been answered before is in it.
    const answeredBefore = answered;
    const { text, ...one } = await timeScrape(origin);
    if (ended.is) return;
    seen.push(one);
    if (text === undefined) return;
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
    const idle: Scrape[] = [];
    for (let i = 0; i < IDLE_SCRAPES; i++) await scrape(idle);

    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, async () => {
      while (!isOver && !ended.is) {
        try {
          await ask(`${origin}/order`, ORDER_TIMEOUT_MS);
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
        ask(`${origin}${path}`, 100).catch(() => {});
      }
    })();
    const loaded: Scrape[] = [];
    const controlled: Scrape[] = [];
    for (let i = 0; i < scrapes && !ended.is; i++) {
      await scrape(loaded);
      await delay(10);
      const { text: _, ...one } = await timeScrape(controlOrigin);
      controlled.push(one);
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
    return { answered, cutOff, last, idle, loaded, control: controlled, faults, endedEarly };
  } finally {
    for (const one of [process, control]) {
      try {
        one.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await one.status;
    }
  }
}

/** Serves orders and metrics from so many threads. */
function serve(port: number, threads: number): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["serve", "--quiet", "--no-check", "--allow-all", "--parallel", "--host=127.0.0.1"],
      ...[`--port=${port}`, new URL("./served.ts", import.meta.url).pathname],
    ],
    env: { DENO_JOBS: String(threads) },
    stdout: "null",
    stderr: "null",
  }).spawn();
}

async function get(url: string, timeoutMs: number): Promise<[text: string, headers: Headers]> {
  const response = await fetch(url, {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(timeoutMs),
  });
  return [await response.text(), response.headers];
}

async function ask(url: string, timeoutMs: number): Promise<string> {
  return (await get(url, timeoutMs))[0];
}

/** Scrapes once. @returns no text if there was no answer */
async function timeScrape(origin: string): Promise<Scrape & { readonly text?: string }> {
  const startedMs = performance.now();
  try {
    const [text, headers] = await get(`${origin}/metrics`, SCRAPE_TIMEOUT_MS);
    const hungUntilMs = Number(headers.get("hung-until")) - performance.timeOrigin;
    const heldUpBy = hungUntilMs > startedMs ? "hung" : undefined;
    return { text, tookMs: performance.now() - startedMs, heldUpBy };
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    return {
      tookMs: performance.now() - startedMs,
      heldUpBy: isLate ? "given up" : "cut off",
    };
  }
}
