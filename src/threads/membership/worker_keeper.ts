import { clearTimer, monotonicMs, setTimer, type Timer } from "../../internal/clocks.ts";
import type { Logger } from "../../internal/logger.ts";
import { Backoff } from "../../internal/backoff.ts";
import { errorText, report } from "../../internal/reporting.ts";
import type { Keeper, Membership } from "./join_threads.ts";

/** Whoever has a worker that ends leaves the role to others for so long, in milliseconds. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** A worker that has run for so long has not failed to start. */
const STARTED_MS = 10_000;

/** What a {@linkcode WorkerKeeper} needs. */
export interface WorkerKeeperOptions {
  readonly membership: Pick<Membership, "has" | "yield">;
  /**
   * Starts a worker; disposing of it terminates it.
   *
   * @param onEnd to be called once when it has ended by itself, with what it has failed by
   * @throws {Error} if there is none
   */
  readonly start: (onEnd: (error: unknown) => void) => Disposable;
  readonly logger: Logger;
  /** For tests. Default: the runtime's own. */
  readonly now?: (() => number) | undefined;
}

/**
 * Keeps a worker that serves the metrics of all threads, while this thread has that role. It ends with
 * this thread, not while this one hangs. One that ends by itself is started again, by whichever thread
 * has the role then.
 */
export class WorkerKeeper implements Disposable {
  readonly #options: WorkerKeeperOptions;
  readonly #now: () => number;
  readonly #backoff = new Backoff();
  #worker: Disposable | undefined;
  #retryMs = RETRY_MS;

  /** Starts nothing yet. */
  constructor(options: WorkerKeeperOptions) {
    this.#options = options;
    this.#now = options.now ?? monotonicMs;
  }

  /** To be called whenever this thread has got the role or lost it. */
  update(): void {
    const has = this.#options.membership.has("worker");
    if (has && this.#worker === undefined) this.#start();
    if (!has) this.#terminate();
  }

  #start(): void {
    const startedMs = this.#now();
    let worker: Disposable | undefined;
    const onEnd = (error: unknown) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      if (this.#now() - startedMs >= STARTED_MS) this.#retryMs = RETRY_MS;
      this.#fail(error);
    };
    try {
      this.#worker = worker = this.#options.start(onEnd);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const { membership, logger } = this.#options;
    if (this.#backoff.due(this.#now())) {
      report(logger, `threads.metricsWorker: has ended, and is started again: ${errorText(error)}`);
    }
    const retryMs = this.#retryMs;
    this.#retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    membership.yield("worker", retryMs);
  }

  #terminate(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.[Symbol.dispose]();
  }

  /** Terminates it. The role is left with the membership. */
  [Symbol.dispose](): void {
    this.#terminate();
  }
}

/** What is used of `node:worker_threads`, which all three runtimes have. */
interface Threads {
  readonly Worker: new (module: URL, options: { readonly workerData: unknown }) => {
    on(event: "error" | "exit", listener: (detail: unknown) => void): void;
    unref(): void;
    terminate(): unknown;
  };
  readonly workerData: unknown;
}

interface Scope {
  readonly process?: { getBuiltinModule?(id: "node:worker_threads"): Threads | undefined };
}

function threadsOf(): Threads | undefined {
  try {
    return (globalThis as Scope).process?.getBuiltinModule?.("node:worker_threads");
  } catch {
    return undefined;
  }
}

/**
 * Has a worker run a module, without keeping the process alive.
 *
 * @throws {Error} if the runtime has no such workers, or does not allow it
 */
export function startWorker(
  module: URL,
  { keeper, onEnd }: {
    readonly keeper: Keeper;
    readonly onEnd: (error: unknown) => void;
  },
): Disposable {
  const { Worker } = threadsOf() ?? {};
  if (Worker === undefined) throw new Error("this runtime has no node:worker_threads");
  const worker = new Worker(module, { workerData: { [KEEPER]: keeper } });
  let hasEnded = false;
  const end = (error: unknown) => {
    if (!hasEnded) onEnd(error);
    hasEnded = true;
  };
  worker.on("error", end);
  worker.on("exit", (code) => end(`it exited with code ${code}`));
  worker.unref();
  return {
    [Symbol.dispose]: () => {
      hasEnded = true;
      // What it rejects with is of no use: the worker has ended.
      Promise.resolve(worker.terminate()).catch(() => {});
    },
  };
}

/** The longest that a timer waits, in milliseconds. */
const LONG_MS = 2 ** 31 - 1;

/** Keeps a worker running that has nothing else to wait for, such as a port that another still has. */
export function stayAlive(): Disposable {
  let timer: Timer;
  const wait = () => void (timer = setTimer(wait, LONG_MS));
  wait();
  return { [Symbol.dispose]: () => clearTimer(timer) };
}

/** Says in a worker's data who keeps it. */
const KEEPER = "busbar.keeper";

/** The thread that keeps this one; `undefined` if none does. */
export function keeperOfThis(): Keeper | undefined {
  const data = threadsOf()?.workerData;
  if (typeof data !== "object" || data === null) return undefined;
  const keeper = (data as Record<string, Keeper | undefined>)[KEEPER];
  // Another version may have started it.
  const isKeeper = /^[0-9a-f]{16}$/.test(String(keeper?.incarnation)) &&
    Array.isArray(keeper?.known);
  return isKeeper ? keeper : undefined;
}
