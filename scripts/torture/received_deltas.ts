import { delay } from "@std/async";

/** The header that says which thread pushes. */
export const PUSHER = "x-pusher";

interface Point {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly asDouble?: number;
  readonly count?: number | string;
}
interface Metric {
  readonly name: string;
  readonly sum?: Numbers;
  readonly histogram?: Numbers;
}
interface Numbers {
  readonly aggregationTemporality: number;
  readonly dataPoints: readonly Point[];
}
interface Request {
  readonly resourceMetrics: readonly {
    readonly resource: {
      readonly attributes: readonly { readonly key: string; readonly value: unknown }[];
    };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

const DELTA = 1;
/** The longest that it takes to answer, in milliseconds. */
const MAX_ANSWER_MS = 10;

/** A receiver of OTLP that adds deltas up. */
export class ReceivedDeltas implements AsyncDisposable {
  readonly endpoint: string;
  /** Which thread has pushed last. */
  pusher = "";
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #intervals: {
    readonly instance: string;
    readonly start: bigint;
    readonly end: bigint;
  }[] = [];
  #orders = 0;
  #sizes = 0;

  private constructor(chance: () => number) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        // The rest of one whose thread was terminated never comes.
        const body: Request | undefined = await request.json().catch(() => undefined);
        if (body === undefined) return new Response(null, { status: 400 });
        this.#take(body, request.headers.get(PUSHER) ?? "");
        await delay(chance() * MAX_ANSWER_MS);
        return new Response();
      },
    );
    this.endpoint = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  static start(chance: () => number): ReceivedDeltas {
    return new ReceivedDeltas(chance);
  }

  /** How many pushes have arrived. */
  get pushes(): number {
    return this.#intervals.length;
  }

  #take({ resourceMetrics }: Request, pusher: string): void {
    this.pusher = pusher;
    let start: bigint | undefined;
    let end = 0n;
    for (const { scopeMetrics } of resourceMetrics) {
      for (const { name, sum, histogram } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
        const { aggregationTemporality, dataPoints } = sum ?? histogram ?? NONE;
        if (aggregationTemporality !== DELTA) continue;
        for (const { startTimeUnixNano, timeUnixNano, asDouble = 0, count = 0 } of dataPoints) {
          if (name === "orders") this.#orders += asDouble;
          if (name === "sizes") this.#sizes += Number(count);
          const startsAt = BigInt(startTimeUnixNano);
          if (start === undefined || startsAt < start) start = startsAt;
          if (BigInt(timeUnixNano) > end) end = BigInt(timeUnixNano);
        }
      }
    }
    const { value } = resourceMetrics[0]?.resource.attributes
      .find(({ key }) => key === "service.instance.id") ?? {};
    if (start === undefined) return;
    this.#intervals.push({ instance: JSON.stringify(value), start, end });
  }

  /** What has arrived. Threads that have not met are instances of their own. */
  read() {
    const gaps = this.#countPairs((end, start) => end < start);
    const overlaps = this.#countPairs((end, start) => end > start);
    return { orders: this.#orders, sizes: this.#sizes, pushes: this.pushes, gaps, overlaps };
  }

  #countPairs(isSo: (end: bigint, start: bigint) => boolean): number {
    const byInstance = Object.values(Object.groupBy(this.#intervals, ({ instance }) => instance));
    return byInstance.flatMap((intervals = []) => {
      const sorted = intervals.toSorted((a, b) => Number(a.end - b.end));
      return sorted.filter(({ start }, i) => i > 0 && isSo(sorted[i - 1]!.end, start));
    }).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const NONE: Numbers = { aggregationTemporality: 0, dataPoints: [] };
