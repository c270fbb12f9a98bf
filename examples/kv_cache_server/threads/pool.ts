import type { Observability } from "@busbar/busbar/observability";
import type { ThreadOptions } from "./cache_thread.ts";
import type { ServerEvents } from "../events.ts";
import { aborted, sleep, type Stop } from "../stop.ts";
import type { Counts } from "../terminal/summary.ts";

/** How far a thread has come: its cache is open, it has served its share, it has ended. */
type Event = "opened" | "served" | "ended";
/** What a thread tells. */
export type FromThread =
  | { counts: Counts }
  | { say: string }
  | { failed: string }
  | { event: Event };
/** What it is told: what to do, and to stop. */
export type ToThread = Omit<ThreadOptions, "say" | "stop"> | "stop";

/** How long the threads may take to find each other. */
const MEETING_TIMEOUT_MS = 10_000;

/** The threads beside the first one. */
export class Pool {
  readonly #stop: Stop;
  readonly #workers: readonly Worker[];
  /** Those that have opened and not ended, and their names. */
  readonly #running = new Map<Worker, string>();
  readonly #opened: Promise<unknown>;
  readonly #served: Promise<unknown>;
  readonly #failed = Promise.withResolvers<never>();

  /** @param onCounts is called with what a thread has counted so far, now and then */
  constructor(
    { options, directory, stop, say }: Omit<ThreadOptions, "thread">,
    onCounts: (thread: number, counts: Counts) => void,
  ) {
    this.#stop = stop;
    this.#workers = Array.from({ length: options.threads - 1 }, (_, i) => {
      const thread = i + 1;
      const name = `thread ${thread + 1}`;
      const worker = new Worker(new URL("./pool_worker.ts", import.meta.url), { type: "module" });
      const fail = (why: string) => {
        this.#running.delete(worker);
        this.#failed.reject(new Error(`${name} has failed: ${why}`));
      };
      worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
        if ("counts" in data) onCounts(thread, data.counts);
        else if ("say" in data) say(`${name}: ${data.say}`);
        else if ("failed" in data) fail(data.failed);
        else if (data.event === "opened") this.#running.set(worker, name);
        else if (data.event === "ended") this.#running.delete(worker);
      });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        fail(event.message);
      });
      worker.postMessage({ options, directory, thread } satisfies ToThread);
      return worker;
    });
    this.#opened = Promise.all(this.#workers.map((worker) => heard(worker, "opened")));
    this.#served = Promise.all(this.#workers.map((worker) => heard(worker, "served")));
    this.failed.catch(() => {}); // who waits for a thread is told
    aborted(stop.signal).then(() => this.#end());
  }

  /** Rejects when one has failed. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Resolves when all have a cache. @throws {Error} when one has failed */
  async opened(): Promise<void> {
    await Promise.race([this.failed, this.#opened]);
  }

  /** Resolves when all have served their share. @throws {Error} when one has failed */
  async served(): Promise<void> {
    await Promise.race([this.failed, this.#served]);
  }

  /** Resolves when the first thread has found all others, whose totals are in its scrapes then. */
  async known(obs: Observability<ServerEvents>): Promise<void> {
    if (this.#workers.length === 0) return;
    const all = new RegExp(`_threads\\{state="alive"\\} ${this.#workers.length + 1}\n`);
    const giveUpAt = performance.now() + MEETING_TIMEOUT_MS;
    const { signal } = this.#stop;
    while (!signal.aborted && performance.now() < giveUpAt) {
      if (all.test(await obs.scrape())) return;
      await sleep(100, signal);
    }
  }

  /** Asks all to end; those that have not begun need not. */
  #end(): void {
    for (const worker of this.#workers) {
      if (this.#running.has(worker)) worker.postMessage("stop" satisfies ToThread);
      else worker.terminate();
    }
  }

  /** Ends all of them. @returns the names of those that had to be terminated */
  async end(): Promise<string[]> {
    this.#end();
    const ended = [...this.#running.keys()].map((worker) => heard(worker, "ended"));
    await this.#stop.hurry(Promise.all(ended));
    for (const worker of this.#workers) worker.terminate();
    return [...this.#running.values()];
  }
}

/** Resolves when a thread has come so far, or has failed. */
function heard(worker: Worker, event: Event): Promise<void> {
  return new Promise((resolve) => {
    worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
      if ("failed" in data || ("event" in data && data.event === event)) resolve();
    });
  });
}
