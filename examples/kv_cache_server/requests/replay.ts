import type { Options } from "../terminal/options.ts";
import { sleep } from "../stop.ts";
import { readTrace, type Request } from "./trace.ts";
import { conversations } from "./workload.ts";

/** Who waits longer hears of it. */
const LONG_WAIT_MS = 10_000;
/** How long requests may follow each other without a pause. */
const MAX_TURN_MS = 20;

/** Hands each request of the input on at its time, until it ends or `signal` aborts. */
export async function replay(
  options: Options,
  signal: AbortSignal,
  handle: (request: Request) => Promise<void>,
  say: (text: string) => void = () => {},
): Promise<void> {
  if (options.requests === 0) return;
  const input = options.trace === undefined
    ? conversations(options.seed)
    : readTrace(options.trace, signal);
  const startedAt = performance.now();
  let turnBegan = startedAt;
  let firstMs: number | undefined;
  let requests = 0;
  for await (const request of input) {
    firstMs ??= request.timestampMs;
    const dueMs = (request.timestampMs - firstMs) / options.speed;
    const waitMs = dueMs - (performance.now() - startedAt);
    if (waitMs > LONG_WAIT_MS) {
      const seconds = Math.round(waitMs / 1_000).toLocaleString("en");
      say(`The next request comes in ${seconds} s; a higher --speed brings it sooner.`);
    }
    if (waitMs > 1) await sleep(waitMs, signal);
    if (signal.aborted) break;
    await handle(request);
    if (++requests >= options.requests) break;
    if (performance.now() - turnBegan > MAX_TURN_MS) {
      // Scrapes and Ctrl-C need a turn of the event loop, also at full speed.
      await sleep(0, signal);
      turnBegan = performance.now();
    }
  }
}
