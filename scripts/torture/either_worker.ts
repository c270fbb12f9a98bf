import { parentPort, Worker as NodeWorker, workerData } from "node:worker_threads";

/** The two kinds of threads that can be ended from outside. */
export const WORKER_KINDS = ["Deno Worker", "worker_threads"] as const;
/** One of them. */
export type WorkerKind = typeof WORKER_KINDS[number];

/** A thread of either kind. */
export interface EitherWorker {
  terminate(): Promise<void>;
}

/** Starts a thread of a kind, and waits for its first message. */
export async function startWorker(
  kind: WorkerKind,
  program: URL,
  data: unknown,
): Promise<EitherWorker> {
  if (kind === "worker_threads") {
    const worker = new NodeWorker(program, { workerData: data });
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
    });
    return { terminate: async () => void await worker.terminate() };
  }
  const worker = new Worker(program, { type: "module" });
  worker.postMessage(data);
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  return { terminate: () => Promise.resolve(worker.terminate()) };
}

interface WorkerScope {
  postMessage(message: unknown): void;
  onmessage: ((message: { readonly data: unknown }) => void) | null;
}

/** In such a thread, what it was started with. */
export function startedWith(): Promise<unknown> {
  if (workerData) return Promise.resolve(workerData);
  return new Promise((resolve) => {
    (globalThis as unknown as WorkerScope).onmessage = ({ data }) => resolve(data);
  });
}

/** In such a thread, says that it is ready. */
export function sayReady(): void {
  if (workerData) parentPort?.postMessage("ready");
  else (globalThis as unknown as WorkerScope).postMessage("ready");
}
