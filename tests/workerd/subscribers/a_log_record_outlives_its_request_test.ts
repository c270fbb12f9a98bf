import { assert, assertEquals } from "@std/assert";
import { testWorker } from "../../support/workerd.ts";

interface Seen {
  readonly published: number;
  readonly flushed?: boolean;
  readonly written: string[];
  readonly printed: string[];
  readonly hung: number;
  readonly kept: string[];
  readonly reports: string[];
}

const test = testWorker("logs");
const count = (lines: readonly string[]) => lines.join("").match(/"read"/g)?.length ?? 0;

test("a line is written in its request: a timer might end with that", async (worker) => {
  await worker.ask("publish", ["lines", 1]);
  await worker.askUntil<Seen>(({ written }) => count(written) === 1, "seen");
});

test("lines that a broken output did not take go with the next one", async (worker) => {
  await worker.ask("breakOutput", true);
  await worker.ask("publish", ["lines", 2]);
  assertEquals((await worker.ask("seen") as Seen).written, []);
  await worker.ask("breakOutput", false);
  // What the turn of an earlier request had no time for waits for a later one, too.
  await worker.askUntil<Seen>(
    ({ published, written }) => count(written) === published,
    "publishAndStay",
    ["lines", 5],
  );
});

test("without an output lines go to the console: a worker's standard output is one by name alone", async (worker) => {
  await worker.ask("publish", ["console", 1]);
  await worker.askUntil<Seen>(({ printed }) => count(printed) === 1, "seen");
});

test("no record, flush or stop waits for what another request has left with a sink", async (worker) => {
  // More than one at a time, though `maxPending` is one, and none is dropped for it.
  await worker.askUntil<Seen>(({ hung }) => hung >= 3, "publish", ["hangs", 1]);
  await worker.askUntil<Seen>(({ flushed }) => flushed === true, "flush", 3_000);
  const { reports } = await worker.ask("stop", 3_000) as Seen;
  assertEquals(reports.filter((line) => /were dropped|wait in the sink/.test(line)), []);
});

test("of a flood whose timer ended with its request a later request tells", async (worker) => {
  await worker.ask("publish", ["flood", 5]);
  const { kept } = await worker.askUntil<Seen>(
    ({ kept }) => kept.some((body) => body.includes("suppressed")),
    "publishAndStay",
    ["flood", 200],
  );
  assert(kept.length > 1);
});
