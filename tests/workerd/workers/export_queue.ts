import { ExportQueue } from "../../../src/batching/export_queue.ts";
import { worker } from "./answers.ts";

/** What becomes of an export: it never ends, is taken, or ends when a request asks for it. */
export type Receiver = "hangs" | "takes" | "waits";

let receiver: Receiver = "takes";
let isReleased = false;
const batches: number[][] = [];
const lines: string[] = [];

async function exportBatch(items: number[]): Promise<void> {
  batches.push(items);
  if (receiver === "hangs") await new Promise(() => {});
  while (receiver === "waits" && !isReleased) await pause();
}

/** No request wakes another one: each has to look by itself. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

const bounds = {
  itemName: "numbers",
  exportBatch,
  maxExportBatchSize: 2,
  scheduleDelayMs: 600_000,
  logger: { warn: (line: string) => void lines.push(line) },
};

/** All are of the module, as those that requests share are. */
const queues: Readonly<Record<string, ExportQueue<number>>> = {
  patient: new ExportQueue(bounds),
  hasty: new ExportQueue({ ...bounds, maxExportBatchSize: 1_000, scheduleDelayMs: 50 }),
  strict: new ExportQueue({ ...bounds, exportTimeoutMs: 2_500 }),
};
let queue = new ExportQueue(bounds);
const seen = () => ({ ...queue.stats(), batches, lines, nowMs: Date.now() });

function add(items: unknown): void {
  for (const item of items as number[]) queue.add(item);
}

export default worker({
  use([name, does]: [name: string, does: Receiver]) {
    queue = queues[name]!;
    receiver = does;
  },
  release() {
    isReleased = true;
  },
  seen,
  add(items: number[]) {
    add(items);
    return seen();
  },
  async addAndFlush(items: number[]) {
    add(items);
    return { flushed: await queue.flush({ timeoutMs: 600_000 }), ...seen() };
  },
  async addAndShutDown(items: number[]) {
    add(items);
    await queue.shutdown({ timeoutMs: 600_000 });
    return seen();
  },
  async flush(timeoutMs: number) {
    const flushed = await queue.flush({ timeoutMs });
    return { flushed, ...seen() };
  },
  async shutdown(timeoutMs: number) {
    await queue.shutdown({ timeoutMs });
    return seen();
  },
  shutdownAndLeave(timeoutMs: number) {
    void queue.shutdown({ timeoutMs });
  },
});
