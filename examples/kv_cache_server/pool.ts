import type { Observability } from "@busbar/busbar/observability";
import { STOP_TIMEOUT_MS, type ThreadOptions } from "./cache_thread.ts";
import type { ServerEvents } from "./events.ts";
import { sleep } from "./replay.ts";
import type { Counts } from "./summary.ts";

/** What a thread tells. */
export type FromThread = { counts: Counts } | { say: string } | { event: "served" | "ended" };
/** What it is told: what to do, and to stop. */
export type ToThread = Omit<ThreadOptions, "say"> | "stop";

/** How long the threads may take to find each other. */
const MEETING_TIMEOUT_MS = 10_000;

/** The threads beside the first one. */
export class Pool implements AsyncDisposable {
  readonly #workers: readonly Worker[];
  readonly #served: Promise<unknown>;
  readonly #ended: Promise<unknown>;

  /** @param onCounts is called with what a thread has counted so far, now and then */
  constructor(
    { options, directory, say }: Omit<ThreadOptions, "thread">,
    onCounts: (thread: number, counts: Counts) => void,
  ) {
    const events: Promise<void>[][] = [];
    this.#workers = Array.from({ length: options.threads - 1 }, (_, i) => {
      const thread = i + 1;
      const worker = new Worker(new URL("./pool_worker.ts", import.meta.url), { type: "module" });
      const [served, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
        if ("counts" in data) onCounts(thread, data.counts);
        else if ("say" in data) say(`thread ${thread + 1}: ${data.say}`);
        else if (data.event === "served") served.resolve();
        else ended.resolve();
      });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        say(`thread ${thread + 1} has failed: ${event.message}`);
        served.resolve();
        ended.resolve();
      });
      worker.postMessage({ options, directory, thread } satisfies ToThread);
      events.push([served.promise, ended.promise]);
      return worker;
    });
    this.#served = Promise.all(events.map(([served]) => served));
    this.#ended = Promise.all(events.map(([, ended]) => ended));
  }

  /** Resolves when all have served their share, or the signal aborts. */
  async served(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#served, sleep(Infinity, signal)]);
  }

  /** Resolves when the first thread has found all others, whose totals are in its scrapes then. */
  async known(obs: Observability<ServerEvents>, signal: AbortSignal): Promise<void> {
    if (this.#workers.length === 0) return;
    const all = new RegExp(`_threads\\{state="alive"\\} ${this.#workers.length + 1}\n`);
    const giveUpAt = performance.now() + MEETING_TIMEOUT_MS;
    while (!signal.aborted && performance.now() < giveUpAt) {
      if (all.test(await obs.scrape())) return;
      await sleep(100, signal);
    }
  }

  /** Stops all of them; those that do not are terminated. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.postMessage("stop" satisfies ToThread);
    await Promise.race([this.#ended, sleep(3 * STOP_TIMEOUT_MS)]);
    for (const worker of this.#workers) worker.terminate();
  }
}
