import { assertEquals } from "@std/assert";
import type {
  DeadlineOptions,
  EventBusOptions,
  PublishInit,
  SubscribeOptions,
} from "@busbar/busbar";
import type {
  DurationOptions,
  EventDescription,
  EventMetricOptions,
  FieldDescription,
  LogDeclaration,
  Measurement,
  SpanDeclarationOptions,
  ThroughputOptions,
} from "@busbar/busbar/catalog";
import type { ExitHookOptions } from "@busbar/busbar/exit";
import type {
  BusAlertsOptions,
  DashboardOptions,
  KvCacheAlertsOptions,
} from "@busbar/busbar/generate";
import type {
  HandlerOptions,
  HealthRoutesOptions,
  MetricsRouteOptions,
  Route,
  ServeMetricsOptions,
} from "@busbar/busbar/http";
import type {
  KvCacheCatalogOptions,
  KvCacheOptions,
  OperationMetadata,
} from "@busbar/busbar/kv-cache";
import type {
  ObservabilityArgsOptions,
  ObservabilityOptions,
  ObservabilitySources,
  OtlpMetricsOptions,
  OtlpOptions,
  OtlpSignalOptions,
  StartOptions,
} from "@busbar/busbar/observability";
import type {
  BatchOptions,
  BusTracerOptions,
  DeltaMetricExporterOptions,
  ExportQueueOptions,
  MetricProducerOptions,
  OtlpExportersOptions,
  OtlpTargetOptions,
  ProcessorDeadline,
  PrometheusMetricsOptions,
} from "@busbar/busbar/otel";
import type {
  consoleSink,
  fileSink,
  JsonLinesOptions,
  LoggingSubscriberOptions,
  MetricsSubscriberOptions,
  ObservedSubscribers,
  otelLogSink,
  SelfMetricsOptions,
  SubscribeCatalogOptions,
  TracingSubscriberOptions,
} from "@busbar/busbar/subscribers";

/** The options that may be left out, but do not accept `undefined` in their place. */
type Refusing<Options> = {
  [Name in keyof Options]-?: Record<never, never> extends Pick<Options, Name>
    ? undefined extends Required<Options>[Name] ? never : Name
    : never;
}[keyof Options];

interface Events {
  "job.end": { ms: number };
}

/** Each member is `never`, or a name in it is one that refuses `undefined`. */
interface Refused {
  core: Refusing<EventBusOptions & PublishInit & SubscribeOptions & DeadlineOptions>;
  metrics: Refusing<EventMetricOptions<object>>;
  pairs: Refusing<DurationOptions<object, object>> | Refusing<ThroughputOptions<object, object>>;
  measurement: Refusing<Measurement>;
  spans: Refusing<SpanDeclarationOptions<Events, object, object>>;
  logs: Refusing<LogDeclaration>;
  descriptions: Refusing<EventDescription & FieldDescription>;
  exit: Refusing<ExitHookOptions>;
  generate:
    | Refusing<DashboardOptions>
    | Refusing<BusAlertsOptions>
    | Refusing<KvCacheAlertsOptions>;
  routes: Refusing<Route> | Refusing<HealthRoutesOptions> | Refusing<MetricsRouteOptions>;
  http: Refusing<HandlerOptions> | Refusing<ServeMetricsOptions>;
  kvCache: Refusing<KvCacheOptions> | Refusing<KvCacheCatalogOptions> | Refusing<OperationMetadata>;
  start: Refusing<StartOptions>;
  config: Refusing<ObservabilityOptions> | Refusing<ObservabilityArgsOptions>;
  sources: Refusing<ObservabilitySources>;
  otlp: Refusing<OtlpOptions> | Refusing<OtlpSignalOptions> | Refusing<OtlpMetricsOptions>;
  exporters: Refusing<OtlpExportersOptions> | Refusing<OtlpTargetOptions>;
  processors:
    | Refusing<BatchOptions>
    | Refusing<ProcessorDeadline>
    | Refusing<DeltaMetricExporterOptions>;
  tracer: Refusing<BusTracerOptions>;
  queue: Refusing<ExportQueueOptions<object>>;
  scrape: Refusing<PrometheusMetricsOptions> | Refusing<MetricProducerOptions>;
  sinks:
    | Refusing<JsonLinesOptions>
    | Refusing<Exclude<JsonLinesOptions["fields"], string | undefined>>
    | Refusing<NonNullable<Parameters<typeof otelLogSink>[1]>>
    | Refusing<NonNullable<Parameters<typeof consoleSink>[0]>>
    | Refusing<Parameters<typeof fileSink>[0]>;
  subscribers:
    | Refusing<MetricsSubscriberOptions>
    | Refusing<TracingSubscriberOptions>
    | Refusing<LoggingSubscriberOptions<Events>>;
  observed: Refusing<SelfMetricsOptions> | Refusing<ObservedSubscribers>;
  catalog: Refusing<SubscribeCatalogOptions>;
}

// Does not compile if an option refuses it.
const refused: Refused[keyof Refused][] = [];
const none: never[] = refused;

Deno.test("every option accepts undefined, which means that it is absent", () => {
  assertEquals(none, []);
});

Deno.test("an option that refuses undefined would not compile here", () => {
  interface Refuses {
    readonly accepts?: number | undefined;
    readonly refuses?: number;
    readonly required: number;
  }
  const name: Refusing<Refuses> = "refuses";
  // @ts-expect-error it accepts undefined
  const accepting: Refusing<Refuses> = "accepts";
  assertEquals([name, accepting], ["refuses", "accepts"]);
});
