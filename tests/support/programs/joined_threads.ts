// deno-lint-ignore-file no-console -- the test reads what this program prints
/**
 * Threads of `node:worker_threads` that find each other over the runtime's own channel. One of them
 * throws, another has nothing left to do. It prints, as JSON, what the first thread sees of them, and
 * ends by itself while it and a third one have still joined.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { joinThreads } from "../../../src/threads/membership/join_threads.ts";
import { createMemory, incarnationOf, openMemory } from "../threads_world.ts";

const number = isMainThread ? 1 : workerData as number;
const changed = { resolve: () => {} };
const membership = joinThreads({
  memory: createMemory(incarnationOf(number)),
  group: "joined_threads",
  name: `thread ${number}`,
  open: openMemory,
  logger: console,
  onHeartbeat: () => changed.resolve(),
});

/** What is seen, by the name of the thread, once it is as expected. */
async function seen(isExpected: (states: Record<string, string>) => boolean): Promise<unknown> {
  // A timer, since nothing of what was joined keeps the process alive.
  const alive = setInterval(() => {}, 1_000);
  try {
    for (;;) {
      const states = Object.fromEntries(
        membership.members().map(({ name, state }) => [name, state]),
      );
      if (isExpected(states)) return states;
      await new Promise<void>((resolve) => changed.resolve = resolve);
    }
  } finally {
    clearInterval(alive);
  }
}

if (isMainThread) {
  const script = new URL(import.meta.url);
  const [throws, , waits] = [2, 3, 4].map((data) => {
    const worker = new Worker(script, { workerData: data });
    worker.on("error", () => {});
    return worker;
  });
  const together = await seen((states) => Object.keys(states).length === 4);
  throws!.postMessage("throw");
  const thrownAt = performance.now();
  const afterwards = await seen((states) => states["thread 2"] === "dead");
  console.log(JSON.stringify([together, afterwards, performance.now() - thrownAt]));
  waits!.unref();
} else if (number === 2) {
  parentPort!.once("message", () => {
    throw new Error("it was asked to");
  });
} else if (number === 4) {
  parentPort!.on("message", () => {});
} else {
  await seen((states) => Object.keys(states).length === 4);
}
