import { assert, assertEquals } from "@std/assert";
import { testWorker } from "../../support/workerd.ts";

const test = testWorker("bus");
/** Of a request that is alive: it seems to have ended where the process was stopped for a second. */
const testUnstopped = testWorker("bus", { attempts: 5 });

interface Seen {
  readonly flushed?: boolean;
  readonly delivered: number;
  readonly pending: number;
  readonly skipped: Record<string, number>;
  readonly failures: Record<string, number>;
  readonly calls: { readonly begun: number; readonly ended: number };
  readonly lines: string[];
}

/** More than one turn delivers. */
const MANY = 99_000;
const A_LONG_TIME = 600_000;
const NO_TIME = 1;

test("what a request left in the queue is delivered by what the next ones publish", async (worker) => {
  await worker.ask("publish", ["read", MANY]);
  const isOver = ({ delivered }: Seen) => delivered > MANY;
  for (let left = 1_000; left > 0; left--) {
    await worker.ask("publish", ["read", 1]);
    if (isOver(await worker.ask("seen") as Seen)) return;
  }
  throw new Error("it is still there");
});

test("so it is by a flush", async (worker) => {
  await worker.ask("publish", ["read", MANY]);
  const { flushed, delivered, pending } = await worker.ask("flush", A_LONG_TIME) as Seen;
  assertEquals([flushed, delivered, pending], [true, MANY, 0]);
});

test("a call that was cut off with its request is counted, and a flush waits for it no longer", async (worker) => {
  await worker.ask("publish", ["hangs", 1]);
  const { flushed, calls, failures, lines } = await worker.ask("flush", A_LONG_TIME) as Seen;
  assertEquals({ flushed, calls, failures, lines }, {
    flushed: true,
    calls: { begun: 1, ended: 0 },
    failures: { hang: 1 },
    lines: ["busbar: hang failed in an async call: its request is over"],
  });
});

test("calls that were cut off are pending no longer: the handler is called again", async (worker) => {
  await worker.ask("publish", ["hangs", 2]);
  await worker.askUntil<Seen>(({ calls }) => calls.begun > 2, "publish", ["hangs", 1]);
  const { delivered, skipped, calls, failures } = await worker.ask("seen") as Seen;
  assertEquals(calls.begun + (skipped["hang"] ?? 0), delivered);
  assert(failures["hang"]! >= 2, "they are not counted");
});

testUnstopped("a call of a request that goes on is waited for", async (worker) => {
  const first = worker.ask("publishAndFlush", ["hangs", A_LONG_TIME]) as Promise<Seen>;
  await worker.askUntil<Seen>(({ calls }) => calls.begun > 0, "seen");
  const late = await worker.ask("flush", NO_TIME) as Seen;
  assertEquals([late.flushed, late.lines], [false, ["busbar: hang failed in flush: a call hangs"]]);
  const second = worker.ask("flush", A_LONG_TIME) as Promise<Seen>;
  await worker.ask("release");
  for (const { flushed, calls, lines } of [await first, await second]) {
    assertEquals([flushed, calls.ended, lines], [true, 1, late.lines]);
  }
});
