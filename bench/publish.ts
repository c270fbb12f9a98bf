// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does a publish cost? Bursts of 1,000 events, one handler; every contender gets the same
 * payload and reads the bus's own clock for each event.
 *
 * The baseline is the work nobody can do without: the clock, the record, a slot to keep it in, the
 * call of the handler. Each ratio is measured in a process of its own, in turn, round by round.
 *
 * Run it with `deno task bench:publish`, on Node with `deno task bench:publish:node`.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { EventEmitter as NodeEventEmitter } from "node:events";
import process from "node:process";
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
  operationId: "",
  traceparent: undefined,
  tracestate: undefined,
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
        for (let j = 0; j < handlers.length; j++) {
          (handlers[j] as typeof count)(event);
        }
      }
    },
  };
}

/** The bus delivers in a microtask: a burst is done when the microtasks after it are. */
function busContender(
  name: string,
  listen: (bus: EventBus) => void,
): Contender {
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

function mittContender(): Contender {
  // Its types name a CommonJS default that its module does not have.
  const emitter = (mitt as unknown as typeof mitt.default)<
    { [TYPE]: BusEvent }
  >();
  emitter.on(TYPE, count);
  return synchronous("mitt", (event) => emitter.emit(TYPE, event));
}

function eventEmitter3(): Contender {
  const emitter = new EventEmitter();
  emitter.on(TYPE, count);
  return synchronous("eventemitter3", (event) => emitter.emit(TYPE, event));
}

function nodeEvents(): Contender {
  const emitter = new NodeEventEmitter();
  emitter.on(TYPE, count);
  return synchronous("node:events", (event) => emitter.emit(TYPE, event));
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
      for (let i = 0; i < BURST; i++) {
        Effect.runSync(PubSub.publish(hub, record()));
      }
      for (
        const event of Effect.runSync(PubSub.takeUpTo(subscription, BURST))
      ) count(event);
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

/**
 * The ten called directly, each in isolation: what the bus with ten subscribers is held against.
 */
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

const CONTENDERS: Readonly<Record<string, () => Contender>> = {
  "baseline": baseline,
  "bus": () => busContender("bus", (bus) => bus.subscribe(TYPE, count)),
  "mitt": mittContender,
  "eventemitter3": eventEmitter3,
  "node:events": nodeEvents,
  "Effect PubSub.dropping": effectPubSub,
  "emittery": emittery,
  "10 isolated calls": tenIsolatedCalls,
  "bus, 10 handlers": () =>
    busContender("bus, 10 handlers", (bus) => {
      for (const handler of TEN_HANDLERS) bus.subscribe(TYPE, handler);
    }),
  "clock": clockReads,
  "disabled publish": disabledPublish,
  "hasSubscribers": hasSubscribers,
  "accepted publish": accepting,
  "rejected publish": rejecting,
};

/** Each claim: what is held against what, and the bound that the ratio must keep. */
const CLAIMS: [
  measured: string,
  against: string,
  bound: "at most" | "at least",
  limit: number,
][] = [
  ["bus", "baseline", "at most", 1.35],
  ["bus", "mitt", "at most", 1.25],
  ["bus", "eventemitter3", "at most", 1.25],
  ["bus", "node:events", "at most", 1.25],
  ["Effect PubSub.dropping", "bus", "at least", 5],
  ["emittery", "bus", "at least", 15],
  ["disabled publish", "clock", "at most", 0.1],
  ["hasSubscribers", "clock", "at most", 0.25],
  ["rejected publish", "accepted publish", "at most", 0.3],
  ["bus, 10 handlers", "10 isolated calls", "at most", 1.5],
];

/** Measures two contenders in a process of their own, where no third one's types slow them down. */
function measurePair(measured: string, against: string): [number, number] {
  const flags = "Deno" in globalThis ? ["run", "--config", "bench/deno.json", "-A"] : [];
  const args = [...flags, process.argv[1] ?? "", measured, against];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function compareAll(): void {
  const { deno, bun, node } = process.versions;
  const runtime = deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`;
  console.log(`${runtime}, bursts of ${BURST} events, ns an event:`);
  let missed = 0;
  for (const [measured, against, bound, limit] of CLAIMS) {
    const [time, reference] = measurePair(measured, against);
    const ratio = time / reference;
    const kept = bound === "at most" ? ratio <= limit : ratio >= limit;
    if (!kept) missed++;
    console.log(
      `${measured} ${time.toFixed(1)} / ${against} ${reference.toFixed(1)} = ` +
        `${ratio.toFixed(2)} (${bound} ${limit})${kept ? "" : "  MISSED"}`,
    );
  }
  if (missed > 0) {
    console.log(`${missed} of ${CLAIMS.length} targets were missed`);
    process.exitCode = 1;
  }
}

const names = process.argv.slice(2);
if (names.length === 0) {
  compareAll();
} else {
  const contenders = names.map((name) => {
    const make = CONTENDERS[name];
    if (make === undefined) {
      throw new Error(`There is no contender ${JSON.stringify(name)}`);
    }
    return make();
  });
  const timings = await measure(contenders, BURST);
  console.log(JSON.stringify(names.map((name) => timings.get(name))));
}
