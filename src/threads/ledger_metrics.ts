import type { CollectedMetric, NumberPoint } from "../subscribers/metrics/series.ts";
import type { Member } from "./memory/thread_totals.ts";
import type { ThreadLedger } from "./memory/ledger.ts";

/** The metrics of a bus that come from the ledgers of all threads, after the prefix. */
export const LEDGER_METRICS: readonly string[] = [
  "event_bus.published_events",
  "event_bus.delivered_events",
  "event_bus.lost_events",
  "event_bus.dropped_events_total",
];

/** What the ledgers of all threads say, as `observeBus` says it of one. */
export function ledgerMetrics(
  prefix: string,
  ledger: ThreadLedger,
  startTimeMs: number,
): CollectedMetric[] {
  const { accepted, delivered, queueFull, stopped, reserved, evicted, shutdown, threadLost } =
    ledger;
  const lost = {
    queue_full: queueFull,
    stopped,
    reserved,
    evicted,
    shutdown,
    thread_lost: threadLost,
  };
  const counter = (name: string, description: string, points: NumberPoint[]): CollectedMetric => ({
    name: `${prefix}.${name}`,
    kind: "counter",
    description,
    unit: "",
    startTimeMs,
    points,
  });
  const one = (value: number): NumberPoint[] => [{ attributes: NONE, value }];
  return [
    counter(
      "event_bus.published_events",
      "Calls of publish",
      one(accepted + queueFull + stopped + reserved),
    ),
    counter("event_bus.delivered_events", "Events dispatched", one(delivered)),
    counter(
      "event_bus.lost_events",
      "Events rejected or dropped, by reason",
      Object.entries(lost).map(([reason, value]) => ({ attributes: reasonOf(reason), value })),
    ),
    counter(
      "event_bus.dropped_events_total",
      "Events lost to a full queue, to eviction, to a stop or with their thread",
      one(queueFull + evicted + shutdown + threadLost),
    ),
  ];
}

const NONE = Object.freeze({});
const REASONS = new Map<string, { readonly reason: string }>();

/** The same object at each collection: what is written of it is kept by it. */
function reasonOf(reason: string): { readonly reason: string } {
  let attributes = REASONS.get(reason);
  if (attributes === undefined) REASONS.set(reason, attributes = Object.freeze({ reason }));
  return attributes;
}

const STATES = ["alive", "hung", "dead", "other_catalog"] as const;
const STATE_ATTRIBUTES = STATES.map((state) => Object.freeze({ state }));

/** How many threads there are, by state. */
export function threadsMetric(
  prefix: string,
  members: readonly Member[],
  catalogHash: string,
  startTimeMs: number,
): CollectedMetric {
  const states = members.map(({ memory, state }) =>
    memory.catalogHash === catalogHash || state === "dead" ? state : "other_catalog"
  );
  return {
    name: `${prefix}.threads`,
    kind: "gauge",
    description: "Threads whose memory is known, by state; those of another catalog are not summed",
    unit: "{thread}",
    startTimeMs,
    points: STATES.map((state, i) => ({
      attributes: STATE_ATTRIBUTES[i] as { readonly state: string },
      value: states.filter((one) => one === state).length,
    })),
  };
}
