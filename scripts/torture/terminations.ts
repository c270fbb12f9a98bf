import { delay } from "@std/async";
import process from "node:process";
import { declare } from "@busbar/busbar/catalog";
import { type Observability, startObservability } from "@busbar/busbar/observability";
import { startWorker, WORKER_KINDS, type WorkerKind } from "./either_worker.ts";
import { readTotals } from "./scrape.ts";

interface FloodEvents {
  "order": undefined;
}
const { catalog, counter } = declare<FloodEvents>();

const flood = catalog({ metrics: { "orders": counter("order") } });

/** Starts what counts in each thread of a service. */
export function startFlood(serviceName: string): Promise<Observability<FloodEvents>> {
  return startObservability({
    catalog: flood,
    serviceName,
    threads: true,
    server: false,
    runtimeMetrics: false,
    logger: { warn: () => {} },
  });
}

/** What a thread is started with. */
export interface FloodData {
  readonly service: string;
  readonly calls: SharedArrayBuffer;
}

/** How one termination came out. */
export interface Termination {
  readonly kind: WorkerKind;
  readonly orders: number;
  readonly lost: number;
  readonly accepted: number;
  /** Calls of publish that the thread began, that said true and that said false, by its own count. */
  readonly begun: number;
  readonly saidTrue: number;
  readonly saidFalse: number;
  readonly fault: string | undefined;
}

const DEATH_MS = 33_000;

/** Terminates as many threads, each of a service of its own, and says of each what was lost with it. */
export async function runTerminations(
  count: number,
  chance: () => number,
): Promise<Termination[]> {
  // As many services in one thread are nothing that a program has: each listens for its end.
  process.setMaxListeners(0);
  const victims: {
    kind: WorkerKind;
    obs: Observability<FloodEvents>;
    words: Int32Array;
  }[] = [];
  for (let i = 0; i < count; i++) {
    const service = `torture-${i}`;
    const obs = await startFlood(service);
    const calls = new SharedArrayBuffer(16);
    const script = new URL("./terminated.ts", import.meta.url);
    const kind = WORKER_KINDS[i % WORKER_KINDS.length]!;
    const data: FloodData = { service, calls };
    const worker = await startWorker(kind, script, data);
    while (readTotals(await obs.scrape()).threads["alive"] !== 2) await delay(20);
    Atomics.store(new Int32Array(calls), 3, 1);
    await delay(20 + chance() * 150);
    await worker.terminate();
    victims.push({ kind, obs, words: new Int32Array(calls) });
  }
  await delay(DEATH_MS);
  const seen: Termination[] = [];
  for (const { kind, obs, words: [begun = 0, saidTrue = 0, saidFalse = 0] } of victims) {
    const { orders, lost, accepted } = readTotals(await obs.scrape());
    await obs.shutdown();
    const isExact = orders + lost === accepted;
    // The last call may have been cut off before the thread counted what it said.
    const isTrue = accepted >= saidTrue && accepted <= begun - saidFalse;
    seen.push({
      ...{ kind, orders, lost, accepted, begun, saidTrue, saidFalse },
      fault: isExact && isTrue ? undefined : isExact ? "accepted" : "lost",
    });
  }
  return seen;
}
