import process from "node:process";
import { setImmediate } from "node:timers";

/** How a measured piece of work is made: `run` does it for a burst of events. */
export interface Contender {
  readonly name: string;
  /** Handles one burst and resolves when it is done; a synchronous one returns nothing. */
  readonly burst: () => void | Promise<void>;
  /** What has to be cleared away after ten bursts; not timed. */
  readonly afterTenBursts?: () => void;
}

/** Nanoseconds per event, by contender. */
export type Timings = ReadonlyMap<string, number>;

const ROUNDS = 15;
const ROUND_MS = 60;
const WARM_UP_MS = 250;

/** What the process has computed so far, with all its threads, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/**
 * Times contenders against each other: warmed up first, then round after round in turn, so that
 * whatever else the machine does hits all of them. The median of the rounds counts.
 *
 * @param nowMs what is measured: the time, or {@linkcode cpuMs}, of which other programs take nothing
 */
export async function measure(
  contenders: readonly Contender[],
  eventsPerBurst: number,
  nowMs: () => number = () => performance.now(),
): Promise<Timings> {
  for (const contender of contenders) {
    await timeOne(contender, eventsPerBurst, WARM_UP_MS, nowMs);
  }
  const rounds = new Map<string, number[]>(
    contenders.map(({ name }) => [name, []]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      rounds.get(contender.name)?.push(
        await timeOne(contender, eventsPerBurst, ROUND_MS, nowMs),
      );
    }
  }
  return new Map([...rounds].map(([name, times]) => [name, median(times)]));
}

async function timeOne(
  { burst, afterTenBursts }: Contender,
  eventsPerBurst: number,
  forMs: number,
  nowMs: () => number,
): Promise<number> {
  let bursts = 0;
  let busyMs = 0;
  while (busyMs < forMs) {
    const startedAt = nowMs();
    for (let i = 0; i < 10; i++) {
      const pending = burst();
      if (pending !== undefined) await pending;
    }
    busyMs += nowMs() - startedAt;
    bursts += 10;
    afterTenBursts?.();
    // A turn of the event loop, so that nothing is measured that another contender left behind.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return busyMs * 1e6 / (bursts * eventsPerBurst);
}

/** A turn of the event loop. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Nanoseconds of CPU time an event, the wait for the delivery of each burst included. */
export async function timeBursts(
  publish: () => unknown,
  eventsPerBurst: number,
  bursts: number,
): Promise<number> {
  await turn();
  const startedMs = cpuMs();
  for (let i = 0; i < bursts; i++) {
    for (let j = 0; j < eventsPerBurst; j++) publish();
    await turn();
  }
  return (cpuMs() - startedMs) * 1e6 / (bursts * eventsPerBurst);
}

/** The lower quartile of some numbers, their middle, and the upper quartile. */
export function quartiles(values: readonly number[]): [low: number, middle: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] ?? NaN;
  return [at(0.25), at(0.5), at(0.75)];
}

/** Their middle, with the quartiles in brackets. */
export function spread(values: readonly number[], digits = 1): string {
  const [low, middle, high] = quartiles(values).map((value) => value.toFixed(digits));
  return `${middle} (${low} to ${high})`;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Collects garbage; needs V8's flag `--expose-gc`, as the tasks pass it. */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run it with --v8-flags=--expose-gc");
  gc();
}
