/// <reference lib="webworker" />
import { openThread } from "./cache_thread.ts";
import type { FromThread, ToThread } from "./pool.ts";
import { aborted, Stop } from "../stop.ts";

/** How often it is told what was counted. */
const COUNTS_INTERVAL_MS = 500;
/** How long a stop may take here; the first thread waits for it. */
const STOP_MS = 2_000;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const stop = new Stop(STOP_MS);
const post = (message: FromThread) => scope.postMessage(message);

scope.onmessage = async ({ data }: MessageEvent<ToThread>) => {
  if (data === "stop") return stop.ask();
  try {
    const thread = await openThread({ ...data, stop, say: (text) => post({ say: text }) });
    post({ event: "opened" });
    const report = () => post({ counts: thread.summary.counts });
    const timer = setInterval(report, COUNTS_INTERVAL_MS);
    await thread.serve();
    await thread.settle();
    report();
    post({ event: "served" });
    await aborted(stop.signal);
    clearInterval(timer);
    await thread[Symbol.asyncDispose]();
    report();
    post({ event: "ended" });
  } catch (error) {
    post({ failed: error instanceof Error ? error.message : String(error) });
  }
};
