import { EventBus } from "@busbar/busbar";
import { worker } from "./answers.ts";

const lines: string[] = [];
/** What became of the calls of a handler that awaits. */
const calls = { begun: 0, ended: 0 };
let isReleased = false;

/** Of the module, as one that requests share is. */
const bus = new EventBus({
  maxQueueSize: 100_000,
  maxInFlight: 2,
  logger: { warn: (line: string) => void lines.push(line) },
}).start();
bus.subscribe("read", () => {});
bus.subscribe("hangs", async function hang() {
  calls.begun++;
  while (!isReleased) await pause();
  calls.ended++;
});

/** No request wakes another one: each has to look by itself. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

function publish(type: string, count = 1): void {
  for (let i = 0; i < count; i++) bus.publish(type);
}

function seen() {
  const { delivered, pending, skippedBySubscriber: skipped } = bus.stats();
  return {
    delivered,
    pending,
    skipped,
    calls: { ...calls },
    lines,
    failures: bus.subscriberExceptionCounts(),
  };
}

export default worker({
  seen,
  release() {
    isReleased = true;
  },
  publish([type, count]: [type: string, count: number]) {
    publish(type, count);
    return seen();
  },
  async publishAndFlush([type, timeoutMs]: [type: string, timeoutMs: number]) {
    publish(type);
    return { flushed: await bus.flush({ timeoutMs }), ...seen() };
  },
  async flush(timeoutMs: number) {
    return { flushed: await bus.flush({ timeoutMs }), ...seen() };
  },
});
