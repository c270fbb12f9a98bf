// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * How late does a 1 ms interval timer get while a full queue drains? One handler takes the events;
 * shared payload, after a garbage collection, median of five runs.
 *
 * Run it with `deno task bench`.
 *
 * @module
 */
import { DEFAULT_EVENT_BUS_OPTIONS, EventBus } from "@busbar/busbar";
import { collectGarbage, median } from "./measure.ts";

const MAX_QUEUE_SIZE = 1_000_000;
const RUNS = 5;
const TIMER_MS = 1;

interface Case {
  readonly events: number;
  /** How long the handler computes for each event. */
  readonly handlerUs: number;
  /** How late the timer may be; exceeding it fails the bench. */
  readonly limitMs: number;
}

const CASES: readonly Case[] = [
  { events: 200_000, handlerUs: 0, limitMs: 10 },
  {
    events: 1_000_000,
    handlerUs: 1,
    limitMs: DEFAULT_EVENT_BUS_OPTIONS.drainBudgetMs + 6,
  },
];

/** How many steps of a computation take a microsecond here. */
function stepsPerMicrosecond(): number {
  const steps = 5_000_000;
  compute(steps);
  const startedAt = performance.now();
  compute(steps);
  return steps / ((performance.now() - startedAt) * 1_000);
}

let state = 1;
function compute(steps: number): void {
  for (let i = 0; i < steps; i++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223 | 0;
  }
}

async function drainOnce(
  { events, handlerUs }: Case,
  stepsPerUs: number,
): Promise<{ lateMs: number; drainMs: number }> {
  const bus = new EventBus({ maxQueueSize: MAX_QUEUE_SIZE });
  const payload = { keys: ["a", "b"] };
  const steps = Math.round(handlerUs * stepsPerUs);
  let handled = 0;
  bus.subscribe("bench", () => {
    handled++;
    compute(steps);
  });
  for (let i = 0; i < events; i++) bus.publish("bench", payload);
  collectGarbage();
  // A turn of the event loop, so that the collection itself is not measured.
  await new Promise((resolve) => setTimeout(resolve, 5));

  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last - TIMER_MS);
    last = now;
  };
  const timer = setInterval(look, TIMER_MS);
  const startedAt = performance.now();
  bus.start();
  await bus.flush({ timeoutMs: 60_000 });
  const drainMs = performance.now() - startedAt;
  // The gap that the end of the drain falls into counts as well.
  look();
  clearInterval(timer);
  await bus.stop();
  if (handled !== events) {
    throw new Error(`${handled} of ${events} events were handled`);
  }
  return { lateMs: longest, drainMs };
}

const stepsPerUs = stepsPerMicrosecond();
for (const each of CASES) {
  const runs = [];
  for (let run = 0; run < RUNS; run++) {
    runs.push(await drainOnce(each, stepsPerUs));
  }
  const lateMs = median(runs.map((run) => run.lateMs));
  const drainMs = median(runs.map((run) => run.drainMs));
  const missed = lateMs > each.limitMs;
  console.log(
    `${each.events.toLocaleString("en")} events, a handler of ${each.handlerUs} µs: drained in ` +
      `${drainMs.toFixed(0)} ms, a 1 ms timer at most ${lateMs.toFixed(1)} ms late ` +
      `(at most ${each.limitMs})${missed ? "  MISSED" : ""}`,
  );
  if (missed) Deno.exitCode = 1;
}
