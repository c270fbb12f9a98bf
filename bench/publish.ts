// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a publish cost? Bursts of 1,000 events, one handler; every contender gets the same
 * payload and reads the bus's own clock for each event.
 *
 * The baseline is the work nobody can do without: the clock, the record, a slot to keep it in, the
 * call of the handler.
 *
 * @module
 */
import { EventEmitter as NodeEventEmitter } from "node:events";
import { Effect, PubSub, Scope } from "effect";
import Emittery from "emittery";
import { EventEmitter } from "eventemitter3";
import mitt from "mitt";
import { type BusEvent, EventBus } from "../mod.ts";
import { createClock } from "../src/bus/clock.ts";
import { type Contender, measure } from "./measure.ts";

const BURST = 1_000;
const TYPE = "cache.read";
const PAYLOAD = { keys: ["a", "b"] };

let handled = 0;
const sums = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const count = (event: BusEvent) => {
  if (event.metadata !== undefined) handled++;
};
const clock = createClock();
const record = (): BusEvent => ({
  type: TYPE,
  timestamp: clock(),
  metadata: PAYLOAD,
  sessionId: "",
  traceparent: undefined,
});

function baseline(): Contender {
  const buffer = new Array<BusEvent | undefined>(BURST).fill(undefined);
  const handlers = [count];
  return {
    name: "baseline",
    burst: () => {
      for (let i = 0; i < BURST; i++) buffer[i] = record();
      for (let i = 0; i < BURST; i++) {
        const event = buffer[i] as BusEvent;
        buffer[i] = undefined;
        for (let j = 0; j < handlers.length; j++) (handlers[j] as typeof count)(event);
      }
    },
  };
}

/** The bus delivers in a microtask: a burst is done when the microtasks after it are. */
function busContender(name: string, listen: (bus: EventBus) => void): Contender {
  const bus = new EventBus({ drainBudgetMs: 1_000 }).start();
  listen(bus);
  return {
    name,
    burst: async () => {
      for (let i = 0; i < BURST; i++) bus.publish(TYPE, PAYLOAD);
      await null;
    },
  };
}

function synchronous(name: string, emit: (event: BusEvent) => void): Contender {
  return {
    name,
    burst: () => {
      for (let i = 0; i < BURST; i++) emit(record());
    },
  };
}

function emitters(): Contender[] {
  // Its types name a CommonJS default that its module does not have.
  const mittEmitter = (mitt as unknown as typeof mitt.default)<{ [TYPE]: BusEvent }>();
  mittEmitter.on(TYPE, count);
  const ee3 = new EventEmitter();
  ee3.on(TYPE, count);
  const node = new NodeEventEmitter();
  node.on(TYPE, count);
  return [
    synchronous("mitt", (event) => mittEmitter.emit(TYPE, event)),
    synchronous("eventemitter3", (event) => ee3.emit(TYPE, event)),
    synchronous("node:events", (event) => node.emit(TYPE, event)),
  ];
}

function emittery(): Contender {
  const emitter = new Emittery<{ [TYPE]: BusEvent }>();
  emitter.on(TYPE, ({ data }) => count(data));
  return {
    name: "emittery",
    burst: async () => {
      for (let i = 0; i < BURST; i++) await emitter.emit(TYPE, record());
    },
  };
}

function effectPubSub(): Contender {
  const hub = Effect.runSync(PubSub.dropping<BusEvent>(BURST * 2));
  const scope = Effect.runSync(Scope.make());
  const subscription = Effect.runSync(
    PubSub.subscribe(hub).pipe(Effect.provideService(Scope.Scope, scope)),
  );
  return {
    name: "Effect PubSub.dropping",
    burst: () => {
      for (let i = 0; i < BURST; i++) Effect.runSync(PubSub.publish(hub, record()));
      for (const event of Effect.runSync(PubSub.takeUpTo(subscription, BURST))) count(event);
    },
  };
}

/** Ten functions of their own, as ten subscribers have; copies of one would be inlined as one. */
const TEN_HANDLERS: readonly ((event: BusEvent) => void)[] = [
  (event) => void (sums[0] += event.sessionId.length + 1),
  (event) => void (sums[1] += event.sessionId.length + 2),
  (event) => void (sums[2] += event.sessionId.length + 3),
  (event) => void (sums[3] += event.sessionId.length + 4),
  (event) => void (sums[4] += event.sessionId.length + 5),
  (event) => void (sums[5] += event.sessionId.length + 6),
  (event) => void (sums[6] += event.sessionId.length + 7),
  (event) => void (sums[7] += event.sessionId.length + 8),
  (event) => void (sums[8] += event.sessionId.length + 9),
  (event) => void (sums[9] += event.sessionId.length + 10),
];

/** The ten called directly, each in isolation: what the bus with ten subscribers is held against. */
function tenIsolatedCalls(): Contender {
  const handlers = [...TEN_HANDLERS];
  return {
    name: "10 isolated calls",
    burst: () => {
      for (let i = 0; i < BURST; i++) {
        const event = record();
        for (let j = 0; j < handlers.length; j++) {
          try {
            (handlers[j] as typeof count)(event);
          } catch {
            handled--;
          }
        }
      }
    },
  };
}

function disabledPublish(): Contender {
  const bus = new EventBus({ enabled: false });
  return {
    name: "disabled publish",
    burst: () => {
      for (let i = 0; i < BURST; i++) bus.publish(TYPE, PAYLOAD);
    },
  };
}

function clockReads(): Contender {
  let sum = 0;
  return {
    name: "clock",
    burst: () => {
      for (let i = 0; i < BURST; i++) sum += clock();
      if (Number.isNaN(sum)) throw new Error("the clock gave no number");
    },
  };
}

function hasSubscribers(): Contender {
  const bus = new EventBus();
  for (const type of ["a", TYPE, "b"]) bus.subscribe(type, count);
  let yes = 0;
  return {
    name: "hasSubscribers",
    burst: () => {
      for (let i = 0; i < BURST; i++) if (bus.hasSubscribers(TYPE)) yes++;
      if (yes === 0) throw new Error("nobody was subscribed");
    },
  };
}

function rejecting(): Contender {
  const bus = new EventBus({ maxQueueSize: 1, logger: { warn() {} } });
  bus.publish(TYPE, PAYLOAD);
  return {
    name: "rejected publish",
    burst: async () => {
      for (let i = 0; i < BURST; i++) bus.publish(TYPE, PAYLOAD);
      await null;
    },
  };
}

/** The producer's share alone: what is queued is thrown away by an eviction, which costs little. */
function accepting(): Contender {
  let bus = new EventBus({ maxQueueSize: BURST * 10 });
  let bursts = 0;
  return {
    name: "accepted publish",
    burst: () => {
      if (bursts++ % 10 === 0) bus = new EventBus({ maxQueueSize: BURST * 10 });
      for (let i = 0; i < BURST; i++) bus.publish(TYPE, PAYLOAD);
    },
  };
}

const contenders = [
  baseline(),
  busContender("bus, 1 handler", (bus) => bus.subscribe(TYPE, count)),
  busContender("bus, nobody", () => {}),
  ...emitters(),
  effectPubSub(),
  emittery(),
  tenIsolatedCalls(),
  busContender("bus, 10 handlers", (bus) => {
    for (const handler of TEN_HANDLERS) bus.subscribe(TYPE, handler);
  }),
  clockReads(),
  disabledPublish(),
  hasSubscribers(),
  accepting(),
  rejecting(),
];

const timings = await measure(contenders, BURST);
const ns = (name: string) => timings.get(name) ?? NaN;
console.log("ns an event:");
for (const [name, time] of timings) {
  console.log(`  ${name.padEnd(24)} ${time.toFixed(1).padStart(9)}`);
}

const one = ns("bus, 1 handler");
/** Each claim: a ratio and the bound it must keep. */
const claims: [claim: string, ratio: number, bound: "at most" | "at least", limit: number][] = [
  ["bus / baseline", one / ns("baseline"), "at most", 1.35],
  ["bus / mitt", one / ns("mitt"), "at most", 1.25],
  ["bus / eventemitter3", one / ns("eventemitter3"), "at most", 1.25],
  ["bus / node:events", one / ns("node:events"), "at most", 1.25],
  ["Effect / bus", ns("Effect PubSub.dropping") / one, "at least", 5],
  ["emittery / bus", ns("emittery") / one, "at least", 15],
  ["disabled / clock", ns("disabled publish") / ns("clock"), "at most", 0.1],
  ["hasSubscribers / clock", ns("hasSubscribers") / ns("clock"), "at most", 0.25],
  ["rejecting / accepting", ns("rejected publish") / ns("accepted publish"), "at most", 0.3],
  ["10 handlers / 10 isolated", ns("bus, 10 handlers") / ns("10 isolated calls"), "at most", 1.5],
];
console.log("\nratios:");
let missed = 0;
for (const [claim, ratio, bound, limit] of claims) {
  const kept = bound === "at most" ? ratio <= limit : ratio >= limit;
  if (!kept) missed++;
  console.log(
    `  ${claim.padEnd(28)} ${ratio.toFixed(2).padStart(7)}  ${bound} ${limit}${
      kept ? "" : "  MISSED"
    }`,
  );
}
if (handled === 0) throw new Error("no event was handled");
if (missed > 0) throw new Error(`${missed} of ${claims.length} targets were missed`);
