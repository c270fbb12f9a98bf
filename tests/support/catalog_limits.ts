/**
 * What the limits of a catalog do where they reach its subscribers, for all who hand them on.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { EventBus, type Logger } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import type { LogRecord } from "@busbar/busbar/subscribers";
import { ManualClock, MemoryLogger } from "@busbar/busbar/testing";
import { ONE_SLICE_MS } from "./quiet_bus.ts";
import { watchTimers } from "./watched_timers.ts";

export interface JobEvents {
  "job.start": { card: string };
  "job.end": { card: string };
}

const { catalog, duration, span } = declare<JobEvents>();
/** A catalog that has something for each limit. */
export const jobs = catalog({
  metrics: { "job.time": duration("job.start", "job.end") },
  spans: { job: span("job.start", "job.end") },
  logs: { "job.end": { level: "info" } },
});

/** Limits that a test sets, under the names that all have for them. */
export interface Limits {
  readonly minLevel?: "error";
  readonly redact?: readonly string[];
  readonly maxPerSecond?: number;
  readonly sessionSampleRatio?: number;
  readonly maxPending?: number;
  readonly suppressedIntervalMs?: number;
  readonly maxOpenPairs?: number;
  readonly maxPairAgeMs?: number;
  readonly selfMetricsPrefix?: string;
}

/** What is observed with the limits, until it is disposed of. */
export interface Observed extends AsyncDisposable {
  readonly scrape: () => Promise<string>;
}

/** Observes a bus with limits; log records go to the sink. */
export type Observe = (
  bus: EventBus<JobEvents>,
  limits: Limits,
  sink: (record: LogRecord) => void | Promise<void>,
  logger: Logger,
) => Observed | Promise<Observed>;

type Publish = (
  type: keyof JobEvents,
  timeMs: number,
  init?: { readonly sessionId?: string },
) => void;

const starts = (...times: number[]) => (publish: Publish) => {
  for (const time of times) publish("job.start", time);
};
const ends = (...times: number[]) => (publish: Publish) => {
  for (const time of times) publish("job.end", time);
};

/** What is published under which limits, and which lines a scrape then has. */
const SCRAPED: [limits: Limits, events: (publish: Publish) => void, lines: string[]][] = [
  [{ maxOpenPairs: 1 }, starts(1_000, 1_000), [
    "busbar_metrics_expired_pairs_total 1",
    "busbar_spans_expired_total 1",
  ]],
  [{ maxPairAgeMs: 10 }, starts(1_000, 2_000), [
    "busbar_metrics_expired_pairs_total 1",
    "busbar_spans_expired_total 1",
  ]],
  [{ maxPerSecond: 1 }, ends(1_000, 1_000), [
    'busbar_logs_suppressed_records_total{event_type="job.end"} 1',
  ]],
  [{ sessionSampleRatio: 0 }, (publish) => {
    publish("job.end", 1_000, { sessionId: "s1" });
    publish("job.end", 1_000);
  }, ["busbar_logs_unsampled_records_total 1"]],
  [{ maxPending: 1 }, ends(1_000, 1_000), ['busbar_logs_dropped_records_total{sink="taking"} 1']],
  [{ selfMetricsPrefix: "own" }, starts(1_000), [
    "own_event_bus_queue_depth 0",
    "own_metrics_open_pairs 1",
    "own_spans_open 1",
  ]],
];

/** What is seen after some events under limits. */
async function see(observe: Observe, limits: Limits, events: (publish: Publish) => void) {
  using timers = watchTimers();
  const records: LogRecord[] = [];
  const taken = Promise.withResolvers<void>();
  const taking = (record: LogRecord) => {
    records.push(record);
    return taken.promise;
  };
  const logger = new MemoryLogger();
  const clock = new ManualClock();
  const bus = new EventBus<JobEvents>({
    clock: clock.now,
    logger: new MemoryLogger(),
    drainBudgetMs: ONE_SLICE_MS,
  }).start();
  let scrape: string;
  {
    await using observed = await observe(bus, limits, taking, logger);
    events((type, timeMs, init = {}) => {
      clock.timeMs = timeMs;
      bus.publish(type, { card: "4711" }, init);
      bus.flushSync();
    });
    scrape = await observed.scrape();
    taken.resolve();
  }
  await bus.stop();
  return { scrape, records, lines: logger.lines, delaysMs: timers.delaysMs };
}

/** Checks that each limit does what it is for. */
export async function checkLimits(observe: Observe): Promise<void> {
  for (const [limits, events, lines] of SCRAPED) {
    const { scrape } = await see(observe, limits, events);
    const without = (await see(observe, {}, events)).scrape;
    for (const line of lines) {
      assert(scrape.includes(`\n${line}\n`), `${line} is not in\n${scrape}`);
      assert(!without.includes(`\n${line}\n`), `${line} is there without the limit`);
    }
  }
  const { lines } = await see(observe, { maxOpenPairs: 1 }, starts(1_000, 1_000));
  for (const name of ["MetricsSubscriber", "TracingSubscriber"]) {
    assert(lines.some((line) => line.includes(`${name} expired`)), `${name} says nothing`);
  }
  const quiet = await see(observe, { minLevel: "error" }, ends(1_000));
  assertEquals(quiet.records, []);
  const redacted = await see(observe, { redact: ["card"] }, ends(1_000));
  assertEquals(redacted.records.map(({ attributes }) => attributes["card"]), ["[redacted]"]);
  const slow = { maxPerSecond: 1, suppressedIntervalMs: 123_456 };
  assert((await see(observe, slow, ends(1_000, 1_000))).delaysMs.includes(123_456));
}
