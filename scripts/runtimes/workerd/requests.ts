/**
 * Serves `worker.ts` with workerd from the installed tarball, and sends it requests that end in
 * every way: what one leaves behind must hold up none of the others.
 *
 * @module
 */
import { run } from "../../package/run.ts";
import { bundleForWeb } from "../stage.ts";
import { serve } from "./serve.ts";

/** No request takes so long, unless it hangs. */
const REQUEST_TIMEOUT_MS = 20_000;
/** A receiver that takes so long is still answering when most requests have ended. */
const RECEIVER_MS = 30;
/** How far a span's time may be from now. */
const SPAN_AGE_MS = 600_000;

/** What the worker says of itself. */
interface Report {
  readonly flushed?: boolean;
  readonly seen: Readonly<
    Record<
      | "sales"
      | "delivered"
      | "settled"
      | "wrongTimes"
      | "inRequests"
      | "ownSales"
      | "ownDelivered",
      number
    >
  >;
  /** Failures by handler: `settle` awaits, and what it awaits may end with its request. */
  readonly lost: Readonly<Record<string, number>>;
  readonly bus: { readonly accepted: number; readonly delivered: number };
  readonly spans: Readonly<Record<"queued" | "exported" | "failed" | "dropped", number>>;
}

/** Takes spans, slowly, and keeps each once: what is sent again is no other span. */
class Receiver implements AsyncDisposable {
  readonly spanIds = new Set<string>();
  readonly wrongTimes = new Set<string>();
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#take(request),
  );

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async #take(request: Request): Promise<Response> {
    const { resourceSpans } = await request.json();
    for (const { scopeSpans } of resourceSpans) {
      for (const { spans } of scopeSpans) {
        for (const { spanId, startTimeUnixNano } of spans) {
          const ageMs = Date.now() - Number(startTimeUnixNano) / 1e6;
          if (Math.abs(ageMs) > SPAN_AGE_MS) this.wrongTimes.add(spanId);
          this.spanIds.add(spanId);
        }
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RECEIVER_MS));
    return Response.json({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Sends one request, and reads its answer to the end. */
async function send(url: string, query: string, leaveAfterMs?: number): Promise<string> {
  const signal = AbortSignal.timeout(leaveAfterMs ?? REQUEST_TIMEOUT_MS);
  try {
    const response = await fetch(url + query, { signal });
    const text = await response.text();
    if (response.ok || query.includes("throw")) return text;
    throw new Error(`${query} was answered with ${response.status}: ${text}`);
  } catch (error) {
    if (leaveAfterMs !== undefined && signal.aborted) return "";
    throw new Error(`Cannot go on: ${query} failed`, { cause: error });
  }
}

/** What the requests are, and how many of them: each ends in another way. */
const KINDS: readonly [query: string, leaveAfterMs?: number][] = [
  ["sales=1"],
  ["sales=3&until"],
  ["sales=2&throw"],
  ["sales=2&throw&until"],
  ["sales=1&scrape"],
  ["sales=2&pause=600", 20],
  ["sales=9&pause=600&until", 20],
  ["sales=1&scrape", 5],
  ["sales=2&leave"],
  ["sales=2&own"],
  ["sales=2&own&until"],
  ["sales=2&own&leave"],
  ["sales=2&flush"],
  ["sales=1&pause=3"],
];

/** One of each kind, and again. */
const requests = (count: number) =>
  Array.from({ length: count }, (_, i) => KINDS[i % KINDS.length]!);

/**
 * Sends hundreds of requests, one after the other and at the same time.
 *
 * @returns what was wrong
 */
export async function testRequests(directory: string): Promise<string[]> {
  await using receiver = new Receiver();
  await run("cp", [new URL("worker.ts", import.meta.url).pathname, `${directory}service.ts`]);
  await bundleForWeb(
    directory,
    'export { default } from "./service.ts";',
    "service.js",
    { RECEIVER: receiver.url },
  );
  await using worker = await serve(directory);
  for (const [query, leaveAfterMs] of requests(39)) {
    await send(`${worker.url}/?`, query, leaveAfterMs);
  }
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      requests(130).map(([query, leaveAfterMs]) => send(`${worker.url}/?`, query, leaveAfterMs)),
    );
  }
  const report: Report = JSON.parse(await send(`${worker.url}/?`, "flush"));
  return wrongIn(report, await send(`${worker.url}/?`, "scrape"), receiver);
}

function wrongIn(report: Report, scrape: string, receiver: Receiver): string[] {
  const { flushed, seen, lost, bus, spans } = report;
  const { sales } = seen;
  const scraped = Number(/^shop_sales_total (\d+)$/m.exec(scrape)?.[1]);
  const expected: readonly [what: string, is: unknown, shouldBe: unknown][] = [
    ["what the last flush said", flushed, true],
    // A sale is two events; whoever left before its request came sold nothing.
    ["events accepted", bus.accepted, 2 * sales],
    ["events delivered", bus.delivered, 2 * sales],
    ["sales handled", seen.delivered, sales],
    ["async calls that settled or were told as lost", seen.settled + (lost.settle ?? 0), sales],
    ["handlers that failed", Object.keys(lost).filter((name) => name !== "settle").length, 0],
    ["sales on buses of requests' own", seen.ownDelivered, seen.ownSales],
    ["sales scraped", scraped, sales],
    ["spans exported", spans.exported, sales],
    ["spans queued, failed or dropped", spans.queued + spans.failed + spans.dropped, 0],
    ["spans received", receiver.spanIds.size, sales],
    ["events with a wrong time", seen.wrongTimes, 0],
    ["handlers in a request's async context", seen.inRequests, 0],
    // The one that was published before the first request.
    ["spans with a wrong time", receiver.wrongTimes.size, 1],
  ];
  return expected.filter(([, is, shouldBe]) => is !== shouldBe)
    .map(([what, is, shouldBe]) => `${what}: ${is} instead of ${shouldBe}`);
}
