/**
 * A process whose subscribers, handlers and logger are hostile, and which waits for a signal; run by
 * the exit tests. Its argument names the hostility.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { EventBus, EventSubscriber, type Logger } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";

const [hostility = ""] = process.argv.slice(2);

const fail = (): never => {
  throw new Error("hostile");
};

const LOGGERS: Readonly<Record<string, Logger>> = {
  "a logger that throws": { warn: fail },
  // deno-lint-ignore require-await -- it is the rejection that counts
  "a logger that rejects": { warn: async () => fail() },
};

class Hostile extends EventSubscriber {
  override getSubscriptions() {
    return { a: fail };
  }
  override flush(): Promise<void> {
    return hostility === "a flush that hangs" ? new Promise(() => {}) : fail();
  }
  override flushSync(): void {
    fail();
  }
  override shutdown(): Promise<void> {
    return hostility === "a shutdown that hangs" ? new Promise(() => {}) : fail();
  }
}

const bus = new EventBus({
  maxQueueSize: 1,
  logger: LOGGERS[hostility] ?? { warn() {} },
  clock: hostility === "a clock that throws" ? fail : undefined,
}).start();
bus.registerSubscriber(new Hostile());
bus.subscribe("a", () => hostility === "a handler that hangs" ? new Promise(() => {}) : fail());
bus.subscribe("a", () => {
  // It publishes for as long as somebody takes it.
  bus.publish("a");
});
installExitHooks(bus, { timeoutMs: 50 });
for (let i = 0; i < 3; i++) bus.publish("a");
setInterval(() => {}, 1_000);
writeSync(1, "ready\n");
