/**
 * A process that publishes and ends in the way its argument names; run by the exit tests. It prints
 * what its subscriber hears.
 */
import { writeSync } from "node:fs";
import process from "node:process";
import { EventBus, EventSubscriber, type Subscriptions } from "@busbar/busbar";
import { installExitHooks } from "@busbar/busbar/exit";

class Printer extends EventSubscriber {
  override getSubscriptions(): Subscriptions {
    return {
      said: ({ metadata }) => {
        this.#print(`said ${metadata}`);
        // Its deadline is short: all else is done before the signal comes.
        if (how === "stuck" && metadata === 3) this.#print("ready");
      },
    };
  }
  override async flush(): Promise<void> {
    if (how === "stuck") {
      this.#print("flushing");
      await new Promise(() => {});
    }
    await new Promise<void>((resolve) => {
      if (how !== "late") {
        setTimeout(resolve, 5);
      } else {
        // It is not done before the signal has come.
        process.once("SIGTERM", () => resolve());
        this.#print("ready");
      }
    });
    this.#print("flushed");
  }
  override flushSync(): void {
    this.#print("flushed synchronously");
  }
  #print(text: string): void {
    writeSync(1, `${text}\n`);
  }
}

const [how = "", hooks = "hooks", timeoutMs = "2000"] = process.argv.slice(2);
const bus = new EventBus({ drainBudgetMs: 0.01 }).start();
bus.registerSubscriber(new Printer());
if (hooks === "hooks") {
  installExitHooks(bus, { signals: ["SIGINT", "SIGTERM"], timeoutMs: Number(timeoutMs) });
}
for (let i = 1; i <= 3; i++) bus.publish("said", i);

switch (how) {
  case "end":
    break;
  case "exit":
    if ("Deno" in globalThis) Deno.exit(7);
    process.exit(7);
    break;
  case "throw":
    throw new Error("an uncaught error");
  case "reject":
    Promise.reject(new Error("an unhandled rejection"));
    break;
  case "stuck":
    setInterval(() => {}, 1_000);
    break;
  case "signal":
    // Something to live for, until the signal comes.
    setInterval(() => {}, 1_000);
    writeSync(1, "ready\n");
    break;
  case "twice":
    installExitHooks(bus)[Symbol.dispose]();
    break;
}
