import { delay } from "@std/async";
import { declare } from "@busbar/busbar/catalog";
import { type Observability, startObservability } from "@busbar/busbar/observability";
import { type EitherWorker, startWorker, type WorkerKind } from "./either_worker.ts";
import { PUSHER, ReceivedDeltas } from "./received_deltas.ts";

interface PushingEvents {
  "order": { readonly shop: string };
}
const { catalog, counter, histogram } = declare<PushingEvents>();
const pushing = catalog({
  metrics: {
    "orders": counter("order", { attributes: ({ metadata: { shop } }) => ({ shop }) }),
    "sizes": histogram("order", { value: () => 1, buckets: [1, 2] }),
  },
});

/** What a thread is told while it runs. */
export const PUSHING_WORDS = { hangMs: 0, isOver: 1, nothing: 2, doubts: 3 } as const;

/** What a thread is started with. */
export interface PushingData {
  readonly service: string;
  readonly endpoint: string;
  readonly name: string;
  readonly control: SharedArrayBuffer;
}

/** Starts what counts in each thread of a service, and pushes deltas where there is an endpoint. */
export function startPushing(
  serviceName: string,
  { endpoint, name, onDoubt }: {
    readonly endpoint?: string;
    readonly name: string;
    /** Called when the thread says that a push of another one may have arrived or not. */
    readonly onDoubt?: () => void;
  },
): Promise<Observability<PushingEvents>> {
  return startObservability({
    catalog: pushing,
    serviceName,
    threads: { name },
    server: false,
    runtimeMetrics: false,
    loggingEnabled: false,
    env: () => undefined,
    logger: { warn: (line) => void (line.includes("whether") && onDoubt?.()) },
    ...(endpoint === undefined ? {} : {
      otlp: {
        endpoint,
        protocol: "http/json",
        headers: { [PUSHER]: name },
        metrics: { temporalityPreference: "delta" },
      },
    }),
  });
}

/** How a service whose pushing threads were terminated, and hung, came out. */
export interface PushedService {
  /** How often the thread that pushed was terminated, and had hung. */
  readonly terminations: number;
  readonly hangs: number;
  /** What all threads have counted, and what the receiver made of the deltas. */
  readonly counted: number;
  readonly received: number;
  readonly pushes: number;
  /** How often there was time between two pushes that no push was of. */
  readonly gaps: number;
  /** Of how many pushes the threads said that they were in doubt, and of how many data points. */
  readonly doubts: number;
  readonly inDoubt: number;
  readonly faults: readonly string[];
}

const THREADS = 3;
/** Longer than a thread may be silent. */
const HANG_MS = 2_600;

/** Terminates the thread that pushes again and again, or has it hang and go on. */
export async function runPushes(
  service: string,
  { kind, replacements, chance }: {
    readonly kind: WorkerKind;
    readonly replacements: number;
    readonly chance: () => number;
  },
): Promise<PushedService> {
  await using receiver = ReceivedDeltas.start(chance);
  // It pushes nowhere, and tells what all have counted.
  await using reader = await startPushing(service, { name: "reader" });
  const controls: Int32Array[] = [];
  const threads = new Map<string, { readonly worker: EitherWorker; readonly words: Int32Array }>();
  let started = 0;
  const start = async () => {
    const name = `${started++}`;
    const control = new SharedArrayBuffer(16);
    const data: PushingData = { service, endpoint: receiver.endpoint, name, control };
    const worker = await startWorker(kind, new URL("./pushing.ts", import.meta.url), data);
    const words = new Int32Array(control);
    controls.push(words);
    threads.set(name, { worker, words });
  };
  /** Who has pushed last, once that is one that runs, and not the one that did before. */
  const pusherAfter = async (former: string) => {
    while (receiver.pusher === former || !threads.has(receiver.pusher)) await delay(5);
    return receiver.pusher;
  };
  await Promise.all(Array.from({ length: THREADS }, start));
  let pusher = await pusherAfter("");
  let hangs = 0;
  for (let i = 0; i < replacements; i++) {
    await delay(chance() * 60);
    const { worker, words } = threads.get(pusher)!;
    if (i % 4 === 3) {
      hangs++;
      Atomics.store(words, PUSHING_WORDS.hangMs, HANG_MS + Math.trunc(chance() * 600));
    } else {
      await worker.terminate();
      threads.delete(pusher);
      await start();
    }
    pusher = await pusherAfter(pusher);
  }
  for (const { words } of threads.values()) Atomics.store(words, PUSHING_WORDS.isOver, 1);
  const scraped = await whenStill(() => reader.scrape(), receiver);
  for (const { worker } of threads.values()) await worker.terminate();
  const value = (name: string) =>
    [...scraped.matchAll(new RegExp(`^${name}\\{?[^ ]* (\\d+)$`, "gm"))]
      .reduce((sum, [, value]) => sum + Number(value), 0);
  const counted = value("orders_total");
  const inDoubt = value("busbar_export_failed_items_total");
  const doubts = controls.reduce((sum, words) => sum + (words[PUSHING_WORDS.doubts] ?? 0), 0);
  const { orders: received, sizes, gaps, overlaps, pushes } = receiver.read();
  const faults: string[] = [];
  if (received > counted) faults.push(`${received} received, ${counted} counted`);
  if (received !== sizes) faults.push(`${received} of the counter, ${sizes} of the histogram`);
  if (overlaps > 0) faults.push(`${overlaps} pushes overlap`);
  if (received < counted && (gaps === 0 || doubts === 0)) {
    faults.push(`${counted - received} are missing, ${gaps} gaps, ${inDoubt} said to be in doubt`);
  }
  return {
    terminations: replacements - hangs,
    ...{ hangs, counted, received, pushes, gaps, doubts, inDoubt, faults },
  };
}

/** The last scrape, when nothing more is counted, and what was counted is pushed. */
async function whenStill(scrape: () => Promise<string>, receiver: ReceivedDeltas): Promise<string> {
  const orders = (text: string) =>
    text.split("\n").filter((line) => line.startsWith("orders_total")).join();
  for (let last = "";;) {
    const { pushes } = receiver;
    const text = await scrape();
    // What was under way when that was scraped, and what came after it.
    while (receiver.pushes < pushes + 3) await delay(5);
    if (orders(text) === last) return text;
    last = orders(text);
  }
}
