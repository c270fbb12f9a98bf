// deno-lint-ignore-file no-console -- a bench prints its results
/**
 * What does it cost to keep a start until its end comes? The baseline keeps the same starts under
 * one key that is put together of type, session and operation, as `OpenPairs` did before: everything
 * else is the same. Each pair has texts of its own, as events of a service have: what a key costs
 * shows only where nothing of it was seen before. It fails if a start was lost.
 *
 * Run it with `deno task bench:pairs [deno | node22 | node24 | bun]`.
 *
 * @module
 */
import process from "node:process";
import { DEFAULT_OPEN_PAIRS_LIMITS } from "../src/subscribers/pairs/limits.ts";
import { OpenPairs } from "../src/subscribers/pairs/open_pairs.ts";
import { type Contender, measure } from "./measure.ts";

const BURST = 1_024;
const START = "http.start";

type Key = readonly [sessionId: string, operationId: string];

/** How the key of an event is handed to the pairs. */
interface Way {
  readonly name: string;
  open(
    pairs: OpenPairs<number>,
    sessionId: string,
    operationId: string,
    at: number,
  ): void;
  close(
    pairs: OpenPairs<number>,
    sessionId: string,
    operationId: string,
  ): number | undefined;
}

function concatenated(sessionId: string, operationId: string): string {
  const key = `${START.length}:${sessionId.length}:${START}${sessionId}`;
  return operationId === "" ? key : `${key}:${operationId}`;
}

const WAYS: readonly Way[] = [
  {
    name: "one concatenated key",
    open: (pairs, session, operation, at) => pairs.open(concatenated(session, operation), "", at),
    close: (pairs, session, operation) => pairs.close(concatenated(session, operation), ""),
  },
  {
    name: "by session, then by operation",
    open: (pairs, session, operation, at) => pairs.open(session, operation, at),
    close: (pairs, session, operation) => pairs.close(session, operation),
  },
];

let serial = 0;
const uuid = () => `${(++serial).toString(16).padStart(8, "0")}-6f2a-4d31-9c55-0123456789ab`;
const short = () => `r${++serial}`;

/** The keys of a burst, new ones each time, and how many are open at the same time. */
const SCENARIOS: Readonly<
  Record<string, { inFlight: number; keys: () => Key[] }>
> = {
  "a pair per session, ids of 36 characters, 4 open": {
    inFlight: 4,
    keys: () => Array.from({ length: BURST }, () => [uuid(), ""]),
  },
  "a pair per session, short ids, 4 open": {
    inFlight: 4,
    keys: () => Array.from({ length: BURST }, () => [short(), ""]),
  },
  "an operation per session, 256 open": {
    inFlight: 256,
    keys: () => Array.from({ length: BURST }, () => [short(), short()]),
  },
  "8 operations per session, 8 open": {
    inFlight: 8,
    keys: () =>
      Array.from({ length: BURST / 8 }, short)
        .flatMap((session) => Array.from({ length: 8 }, (): Key => [session, short()])),
  },
  "1,024 operations of one session, all open": {
    inFlight: BURST,
    keys: () => Array.from({ length: BURST }, () => ["", short()]),
  },
  "pairs without any id, 16 open": {
    inFlight: 16,
    keys: () => Array.from({ length: BURST }, () => ["", ""]),
  },
};

for (const [scenario, { inFlight, keys }] of Object.entries(SCENARIOS)) {
  const made = new Map<OpenPairs<number>, Key[][]>();
  const contenders = WAYS.map(({ name, open, close }): Contender => {
    const pairs = new OpenPairs<number>(DEFAULT_OPEN_PAIRS_LIMITS);
    const waiting: Key[][] = [];
    made.set(pairs, waiting);
    const fill = () => {
      while (waiting.length < 10) waiting.push(keys());
    };
    fill();
    return {
      name,
      burst: () => {
        const burst = waiting.pop() as Key[];
        for (let i = 0; i < BURST + inFlight; i++) {
          if (i >= inFlight) {
            const [session, operation] = burst[i - inFlight] as Key;
            close(pairs, session, operation);
          }
          if (i < BURST) {
            const [session, operation] = burst[i] as Key;
            open(pairs, session, operation, i);
          }
        }
      },
      afterTenBursts: fill,
    };
  });
  const timings = [...await measure(contenders, BURST)];
  for (const pairs of made.keys()) {
    const { open, expired, orphaned } = pairs.stats();
    if (open + expired + orphaned > 0) {
      throw new Error(`${scenario}: pairs were lost`);
    }
  }
  const [[, baseline]] = timings as [[string, number]];
  console.log(scenario);
  for (const [name, ns] of timings) {
    console.log(
      `  ${name}: ${ns.toFixed(0)} ns a pair, ratio ${(ns / baseline).toFixed(2)}`,
    );
  }
}
process.exit(0);
