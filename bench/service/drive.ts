import process from "node:process";
import { setImmediate } from "node:timers";
import type { Instrumentation } from "./instrumentation.ts";

/** What a service of the bench prints when it has ended. */
export interface Measured {
  /** CPU time of the process, its threads included, in microseconds. */
  readonly cpuUsPerRequest: number;
  /** How long the calls of a request keep its caller, in microseconds. */
  readonly callsUsPerRequest: number;
  /** All requests, those that were not measured too. */
  readonly requests: number;
}

/** How many requests are under way at once. */
const CONCURRENT = 4;
const WARM_UP = 12_000;
const PARTS = 5;
const PER_PART = 6_000;
/** Few enough that a bus never has to interrupt them. */
const PER_BATCH = 20;
const BATCHES = 500;

/** A turn of the event loop. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;

/** Makes requests without sockets, so that what they cost is what their instrumentation costs. */
export async function drive<Request>(
  service: Instrumentation<Request>,
): Promise<Measured> {
  let requests = 0;
  const one = async () => {
    requests++;
    const request = service.begin();
    service.query(request);
    await turn();
    service.end(request);
  };
  const run = async (count: number) => {
    for (let i = 0; i < count; i += CONCURRENT) {
      await turn();
      await Promise.all(Array.from({ length: CONCURRENT }, one));
    }
  };
  await run(WARM_UP);
  const cpuUs: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const before = process.cpuUsage();
    await run(PER_PART);
    const { user, system } = process.cpuUsage(before);
    cpuUs.push((user + system) / PER_PART);
  }
  const callsUs: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const startedAt = performance.now();
    for (let i = 0; i < PER_BATCH; i++) {
      const request = service.begin();
      service.query(request);
      service.end(request);
    }
    callsUs.push((performance.now() - startedAt) * 1_000 / PER_BATCH);
    requests += PER_BATCH;
    await turn();
  }
  return {
    cpuUsPerRequest: median(cpuUs),
    callsUsPerRequest: median(callsUs),
    requests,
  };
}
