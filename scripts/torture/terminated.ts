/**
 * A thread that publishes without end, and counts that itself, until it is terminated.
 *
 * @module
 */
import { sayReady, startedWith } from "./either_worker.ts";
import { type FloodData, startFlood } from "./terminations.ts";

const { service, calls } = await startedWith() as FloodData;
const obs = await startFlood(service);
// What takes its time, so that some of what was accepted waits.
obs.bus.subscribe("order", () => {
  const until = performance.now() + 0.02;
  while (performance.now() < until);
});
const words = new Int32Array(calls);
sayReady();
while (Atomics.load(words, 3) === 0) await new Promise<void>((resolve) => setImmediate(resolve));
for (let burst = 0;; burst++) {
  for (let i = 0; i < burst % 700; i++) {
    Atomics.add(words, 0, 1);
    const isAccepted = obs.bus.publish("order");
    if (isAccepted) Atomics.add(words, 1, 1);
    else Atomics.add(words, 2, 1);
  }
  await new Promise<void>((resolve) => setImmediate(resolve));
}
