/// <reference lib="webworker" />
import { openThread } from "./cache_thread.ts";
import type { FromThread, ToThread } from "./pool.ts";

/** How often it is told what was counted. */
const COUNTS_INTERVAL_MS = 500;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const controller = new AbortController();
const { signal } = controller;
const post = (message: FromThread) => scope.postMessage(message);

scope.onmessage = async ({ data }: MessageEvent<ToThread>) => {
  if (data === "stop") {
    controller.abort();
    return;
  }
  {
    await using thread = await openThread({ ...data, say: (text) => post({ say: text }) });
    const report = () => post({ counts: thread.summary.counts });
    const timer = setInterval(report, COUNTS_INTERVAL_MS);
    await thread.serve(signal);
    await thread.settle(signal);
    report();
    post({ event: "served" });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    clearInterval(timer);
  }
  post({ event: "ended" });
};
