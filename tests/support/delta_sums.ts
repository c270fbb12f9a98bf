import { assert, assertEquals } from "@std/assert";
import type { OtlpReceiver, Received } from "./otlp_receiver.ts";

/** A data point of a counter or a histogram, as it was received. */
export interface ReceivedPoint {
  /** The text of its attributes' values. */
  readonly series: string;
  /** Of a histogram, how many values it has. */
  readonly value: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly hasExtremes: boolean;
}

const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;

/** What a receiver makes of the deltas that it accepts. */
export class DeltaSums {
  readonly #receiver: OtlpReceiver;
  readonly #isAccepted: (requestNumber: number) => boolean;

  /** @param isAccepted whether the receiver accepted a request, by its number. Default: all */
  constructor(receiver: OtlpReceiver, isAccepted: (requestNumber: number) => boolean = () => true) {
    this.#receiver = receiver;
    this.#isAccepted = isAccepted;
  }

  /** The sums of a metric, by the text of the attributes. */
  of(name: string): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { series, value } of this.pointsOf(name)) {
      if (value !== 0) sums[series] = (sums[series] ?? 0) + value;
    }
    return sums;
  }

  /**
   * From when to when the deltas of each push are, in the order in which they came; first ones begin when
   * their thread did.
   */
  intervals(): { readonly start: bigint; readonly end: bigint }[] {
    return this.#requests().flatMap((request) => {
      const points = metricsOf(request).flatMap(({ sum, histogram }) =>
        (sum ?? histogram)?.aggregationTemporality === 1
          // deno-lint-ignore no-explicit-any -- read as a receiver would
          ? ((sum ?? histogram).dataPoints ?? []) as any[]
          : []
      );
      const [starts, ends] = ["startTimeUnixNano", "timeUnixNano"].map((name) =>
        points.map((point) => BigInt(point[name]))
      ) as [bigint[], bigint[]];
      if (points.length === 0) return [];
      return [{
        start: starts.reduce((a, b) => a < b ? a : b),
        end: ends.reduce((a, b) => a > b ? a : b),
      }];
    });
  }

  /** Asserts that each push begins where the one before ended. */
  assertContiguous(): void {
    const intervals = this.intervals();
    intervals.forEach(({ start, end }, i) => {
      assert(start <= end, `${start} ${end}`);
      if (i > 0) assertEquals(start, intervals[i - 1]?.end);
    });
  }

  /** All points of a metric, in the order in which they came. */
  pointsOf(name: string): ReceivedPoint[] {
    return this.#metrics(name).flatMap(({ sum, histogram, gauge }) =>
      // deno-lint-ignore no-explicit-any -- read as a receiver would
      ((sum ?? histogram ?? gauge).dataPoints ?? []).map((point: any) => ({
        series: (point.attributes ?? []).map(({ value }: { value: { string?: string } }) =>
          value.string
        ).join(),
        value: Number(point.asDouble ?? point.asInt ?? point.count ?? 0),
        start: BigInt(point.startTimeUnixNano ?? 0),
        end: BigInt(point.timeUnixNano ?? 0),
        hasExtremes: point.min !== undefined || point.max !== undefined,
      }))
    );
  }

  /** Of each time that a metric came, whether its points were deltas. */
  temporalities(name: string): string[] {
    return this.#metrics(name).map(({ sum, histogram }) =>
      TEMPORALITIES[(sum ?? histogram)?.aggregationTemporality ?? 0] as string
    );
  }

  /** The instances of the service that there were. */
  instances(): string[] {
    const all = this.#receiver.received.flatMap(({ body }) => [
      ...JSON.stringify(body).matchAll(/"service.instance.id","value":\{"string":"([^"]*)"/g),
    ]);
    return [...new Set(all.map(([, id]) => id as string))];
  }

  // deno-lint-ignore no-explicit-any -- read as a receiver would
  #metrics(name: string): any[] {
    return this.#requests().flatMap(metricsOf).filter((metric) => metric.name === name);
  }

  #requests(): Received[] {
    return this.#receiver.received.filter((_, n) => this.#isAccepted(n));
  }
}

// deno-lint-ignore no-explicit-any -- read as a receiver would
function metricsOf({ body }: Received): any[] {
  // deno-lint-ignore no-explicit-any -- read as a receiver would
  return ((body.resourceMetrics ?? []) as any[])
    .flatMap(({ scopeMetrics }) => scopeMetrics ?? [])
    .flatMap(({ metrics }) => metrics ?? []);
}
