/**
 * A thread that counts and pushes without end, and hangs when it is told to, until it is terminated.
 *
 * @module
 */
import { delay } from "@std/async";
import { sayReady, startedWith } from "./either_worker.ts";
import { readTotals } from "./scrape.ts";
import { PUSHING_WORDS, type PushingData, startPushing } from "./pushes.ts";

const { service, endpoint, name, control } = await startedWith() as PushingData;
const words = new Int32Array(control);
const onDoubt = () => void Atomics.add(words, PUSHING_WORDS.doubts, 1);
const obs = await startPushing(service, { endpoint, name, onDoubt });
const publish = () => {
  const hangMs = Atomics.exchange(words, PUSHING_WORDS.hangMs, 0);
  if (hangMs > 0) Atomics.wait(words, PUSHING_WORDS.nothing, 0, hangMs);
  if (Atomics.load(words, PUSHING_WORDS.isOver) === 0) {
    for (let i = 0; i < 5; i++) obs.bus.publish("order", { shop: `${i % 3}` });
  }
  setTimeout(publish, 2);
};
publish();
sayReady();
// Before it has met the others it would push its own beside theirs.
while ((readTotals(await obs.scrape()).threads["alive"] ?? 0) < 2) await delay(20);
for (;;) {
  await obs.flush({ timeoutMs: 60_000 });
  await delay(Math.random() * 10);
}
