/**
 * Clients that order without a pause, and have threads throw and hang by chance: a Worker of its own, so
 * that what is scraped meanwhile does not wait for them.
 *
 * @module
 */
import { delay } from "@std/async";

/** What a {@linkcode startLoad} starts with. */
interface Begin {
  readonly origin: string;
  readonly seed: number;
  readonly counts: SharedArrayBuffer;
}

/** Where the counts stand, as Int32. */
const COUNTS = { answered: 0, cutOff: 1, isOver: 2 } as const;
const CLIENTS = 16;
const ORDER_TIMEOUT_MS = 3_000;

/** The load that a server is under. */
export interface Load {
  /** Orders that were answered, and those whose answer never came. */
  readonly answered: number;
  readonly cutOff: number;
  /** Ends it; resolves when all have been answered, or given up. */
  end(): Promise<void>;
}

/** Puts a server under load. */
export function startLoad(origin: string, seed: number): Load {
  const counts = new SharedArrayBuffer(16);
  const words = new Int32Array(counts);
  const worker = new Worker(import.meta.url, { type: "module" });
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  worker.onmessage = () => resolve();
  worker.postMessage({ origin, seed, counts } satisfies Begin);
  return {
    get answered() {
      return Atomics.load(words, COUNTS.answered);
    },
    get cutOff() {
      return Atomics.load(words, COUNTS.cutOff);
    },
    end: async () => {
      Atomics.store(words, COUNTS.isOver, 1);
      await ended;
      worker.terminate();
    },
  };
}

/** Numbers as if by chance, the same for a seed. */
export function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function ask(url: string, timeoutMs: number): Promise<void> {
  const response = await fetch(url, {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.text();
}

async function order({ origin, counts }: Begin): Promise<void> {
  const words = new Int32Array(counts);
  while (Atomics.load(words, COUNTS.isOver) === 0) {
    try {
      await ask(`${origin}/order`, ORDER_TIMEOUT_MS);
      Atomics.add(words, COUNTS.answered, 1);
    } catch {
      Atomics.add(words, COUNTS.cutOff, 1);
      // Where nobody listens any more it is refused at once.
      await delay(1);
    }
  }
}

async function makeTrouble({ origin, seed, counts }: Begin): Promise<void> {
  const words = new Int32Array(counts);
  const chance = chances(seed);
  let hanging = 0;
  while (Atomics.load(words, COUNTS.isOver) === 0) {
    await delay(200 + chance() * 800);
    const dice = chance();
    // Two of the threads hang for ever, at most: they keep the cores busy.
    const path = dice < 0.03
      ? "/throw"
      : dice < 0.2 && hanging++ < 2
      ? "/hang?ms=1e12"
      : `/hang?ms=${Math.round(100 + chance() * 3_000)}`;
    ask(`${origin}${path}`, 100).catch(() => {});
  }
}

const scope = globalThis as {
  WorkerGlobalScope?: unknown;
  onmessage?: ((event: MessageEvent<Begin>) => void) | null;
  postMessage?: (message: unknown) => void;
};
if (scope.WorkerGlobalScope !== undefined) {
  scope.onmessage = async ({ data: begin }) => {
    await Promise.all([makeTrouble(begin), ...Array.from({ length: CLIENTS }, () => order(begin))]);
    scope.postMessage?.("ended");
  };
}
