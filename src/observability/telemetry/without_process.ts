import { DEFAULT_SCOPE_NAME } from "../../otel/defaults.ts";
import type {
  AggregationTemporality,
  PushMetricExporter,
  ResourceMetrics,
} from "../../otel/sdk_types.ts";

/**
 * Leaves out what is of the process where another thread pushes it: each thread reads the same numbers.
 * They count as pushed, so that a thread which takes over goes on from about where the other one left
 * off.
 */
export class WithoutProcess implements PushMetricExporter {
  readonly #exporter: PushMetricExporter;
  readonly #pushes: () => boolean;

  /** @param pushes whether this thread pushes for all */
  constructor(exporter: PushMetricExporter, pushes: () => boolean) {
    this.#exporter = exporter;
    this.#pushes = pushes;
  }

  export(...[metrics, callback]: Parameters<PushMetricExporter["export"]>): void {
    if (this.#pushes()) return this.#exporter.export(metrics, callback);
    const others = withoutProcess(metrics);
    if (others.scopeMetrics.length === 0) callback({ code: 0 });
    else this.#exporter.export(others, callback);
  }

  selectAggregationTemporality(
    ...args: Parameters<NonNullable<PushMetricExporter["selectAggregationTemporality"]>>
  ): AggregationTemporality {
    return this.#exporter.selectAggregationTemporality?.(...args) ?? 1;
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}

function withoutProcess({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics {
  return {
    resource,
    scopeMetrics: scopeMetrics.flatMap(({ scope, metrics }) => {
      const isOwn = scope.name === DEFAULT_SCOPE_NAME;
      const others = metrics.filter(({ descriptor: { name } }) =>
        !isOwn || !name.startsWith("process.")
      );
      return others.length === 0 ? [] : [{ scope, metrics: others }];
    }),
  };
}
