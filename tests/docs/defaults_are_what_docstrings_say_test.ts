import { assert, assertEquals } from "@std/assert";
import { DEFAULT_EVENT_BUS_OPTIONS } from "@busbar/busbar";
import { declare } from "@busbar/busbar/catalog";
import { type ExitTarget, installExitHooks } from "@busbar/busbar/exit";
import { busAlerts, grafanaDashboard, kvCacheAlerts } from "@busbar/busbar/generate";
import { createHandler, metricsRoute } from "@busbar/busbar/http";
import { DEFAULT_KV_CACHE_OPTIONS } from "@busbar/busbar/kv-cache";
import {
  DEFAULT_OBSERVABILITY_CONFIG,
  parseObservabilityArgs,
  resolveObservabilityConfig,
} from "@busbar/busbar/observability";
import {
  createMetricProducer,
  DEFAULT_EXPORT_QUEUE_OPTIONS,
  LogBatchProcessor,
  SpanBatchProcessor,
} from "@busbar/busbar/otel";
import {
  DEFAULT_LOGGING_OPTIONS,
  DEFAULT_METRICS_OPTIONS,
  DEFAULT_SELF_METRICS_PREFIX,
  DEFAULT_TRACING_OPTIONS,
  jsonLinesSink,
  MetricsSubscriber,
} from "@busbar/busbar/subscribers";
import { DEFAULT_METRICS_ADDRESS } from "../../src/http/serve_metrics.ts";
import { resolveTimeoutMs } from "../../src/internal/deadline.ts";
import { DEFAULT_SCOPE_NAME, DEFAULT_SERVICE_NAME } from "../../src/otel/defaults.ts";
import { DEFAULT_OTLP_SETTINGS } from "../../src/otel/otlp/otlp_target.ts";
import { resolveAccess } from "../../src/observability/server_options.ts";
import { DEFAULT_COLLECT_TIMEOUT_MS } from "../../src/otel/prometheus/prometheus_metrics.ts";
import { DEFAULT_SESSION_ID_ATTRIBUTE } from "../../src/subscribers/session_id.ts";
import { watchTimers } from "../support/watched_timers.ts";
import { sourcesIn } from "../support/sources.ts";

type Options = Readonly<Record<string, unknown>>;
/** Makes something of options, such that other options make something else. */
type Make = (options: Options) => unknown;

const constants = (defaults: object): Make => (options) => ({ ...defaults, ...options });
/** The configuration with options at a path in it, but for the instance's random name. */
const config =
  (path?: "bus" | "console" | "prometheus" | "spanBatch" | "spanLimits"): Make => (options) => ({
    ...resolveObservabilityConfig({ options: path === undefined ? options : { [path]: options } }),
    serviceInstanceId: "",
  });

/** As the environment may have it: open to others. */
const OPEN = resolveObservabilityConfig({ env: { prometheus: { hostname: "0.0.0.0" } } });

const { counter, duration, span, throughput } = declare();
const bytes = () => 1;
/** The span that no event ends, and the session that a log record has. */
const RECORD = {
  eventType: "a",
  timestampMs: 0,
  severityNumber: 9,
  sessionId: "s",
  operationId: "",
};

/** What each interface's options are for; what they leave out is as the docstrings say. */
const MAKES: Readonly<Record<string, Make>> = {
  AttributeLimitsConfig: config("spanLimits"),
  BatchConfig: config("spanBatch"),
  BusAlertsOptions: busAlerts,
  BusConfig: config("bus"),
  ConsoleConfig: config("console"),
  CatalogLimits: constants({ ...DEFAULT_LOGGING_OPTIONS, ...DEFAULT_TRACING_OPTIONS }),
  DashboardOptions: (options) => grafanaDashboard({}, { title: "t", uid: "u", ...options }),
  DeadlineOptions: (options) => resolveTimeoutMs("wait", options),
  DurationOptions: (options) => duration("a", "b", options).unit,
  EventBusOptions: constants(DEFAULT_EVENT_BUS_OPTIONS),
  ExitHookOptions: (options) => {
    const deadlines: unknown[] = [];
    const bus: ExitTarget = {
      stop: () => Promise.resolve(),
      flushSync: (deadline) => deadlines.push(deadline),
    };
    using _hooks = installExitHooks(bus, options);
    globalThis.dispatchEvent(new Event("pagehide"));
    return deadlines;
  },
  ExportQueueBounds: constants(DEFAULT_EXPORT_QUEUE_OPTIONS),
  HandlerOptions: async (options) => {
    const route = { path: "/a", handle: () => new Response() };
    const handler = createHandler({ routes: [route], ...options });
    return (await handler(new Request("http://localhost/below/a"))).status;
  },
  JsonLinesOptions: (options) => {
    const lines: string[] = [];
    const sink = jsonLinesSink({ write: (line) => lines.push(line), ...options });
    sink({ ...RECORD, level: "info", body: "", attributes: {} });
    return lines;
  },
  KvCacheAlertsOptions: kvCacheAlerts,
  KvCacheCatalogOptions: constants(DEFAULT_KV_CACHE_OPTIONS),
  LoggingSubscriberOptions: constants(DEFAULT_LOGGING_OPTIONS),
  MetricProducerOptions: async (options) => {
    const subscriber = new MetricsSubscriber({ metrics: { a: counter("a") } });
    subscriber.getSubscriptions();
    const collect = () => subscriber.collect();
    const { resourceMetrics } = await createMetricProducer({ collect, ...options }).collect();
    return resourceMetrics.scopeMetrics.map(({ scope }) => scope.name);
  },
  MetricsRouteOptions: (options) =>
    metricsRoute({ scrape: () => Promise.resolve(""), ...options }).path,
  MetricsSubscriberOptions: constants(DEFAULT_METRICS_OPTIONS),
  ObservabilityArgsOptions: (options) => {
    try {
      return parseObservabilityArgs(["--unknown"], options);
    } catch (error) {
      return String(error);
    }
  },
  ObservabilityConfig: config(),
  OtlpExportersOptions: constants(DEFAULT_OTLP_SETTINGS),
  OtlpMetricsOptions: (metrics) =>
    resolveObservabilityConfig({ options: { otlp: { endpoint: "http://a", metrics } } }).otlp,
  OtlpSettings: constants(DEFAULT_OTLP_SETTINGS),
  OtlpSignalOptions: (traces) =>
    resolveObservabilityConfig({ options: { otlp: { endpoint: "http://a", traces } } }).otlp,
  PrometheusConfig: config("prometheus"),
  PrometheusMetricsOptions: constants({
    serviceName: DEFAULT_SERVICE_NAME,
    scopeName: DEFAULT_SCOPE_NAME,
    scopeLabels: "others",
    collectTimeoutMs: DEFAULT_COLLECT_TIMEOUT_MS,
  }),
  ProcessorDeadline: async (options) => {
    const done = () => Promise.resolve();
    const exporter = { export: () => {}, forceFlush: done, shutdown: done };
    using timers = watchTimers();
    await new SpanBatchProcessor(exporter).forceFlush(options);
    await new LogBatchProcessor(exporter).shutdown(options);
    return timers.delaysMs;
  },
  ProgramOptions: constants({
    selfMetricsPrefix: DEFAULT_SELF_METRICS_PREFIX,
    sessionIdAttribute: DEFAULT_SESSION_ID_ATTRIBUTE,
    registerGlobally: false,
    captureConsole: false,
    replace: false,
    threads: false,
  }),
  Route: async (options) => {
    const route = { path: "/a", handle: () => new Response(), ...options };
    const handler = createHandler({ routes: [route], token: "t" });
    return (await handler(new Request("http://localhost/a"))).status;
  },
  SamplerConfig: constants(DEFAULT_OBSERVABILITY_CONFIG.sampler),
  ServeMetricsOptions: constants({ ...DEFAULT_METRICS_ADDRESS, insecure: false }),
  ServerOptions: (options) => {
    const { config, token } = resolveAccess({ env: () => undefined, ...options }, OPEN);
    return [config.prometheus.hostname, token];
  },
  SpanDeclarationOptions: (options) => {
    const { root, kind } = span("a", "b", options);
    return { root, kind };
  },
  SpanLimitsConfig: config("spanLimits"),
  SubscribeCatalogOptions: constants({
    ...DEFAULT_TRACING_OPTIONS,
    collect: false,
    captureConsole: false,
    exemplars: true,
    selfMetricsPrefix: DEFAULT_SELF_METRICS_PREFIX,
  }),
  ThroughputOptions: (options) => throughput("a", "b", { bytes, ...options }).unit,
  TracingSubscriberOptions: constants(DEFAULT_TRACING_OPTIONS),
};

/** Interfaces whose defaults show in what happens, which other tests look at. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  Declarations: "tests/subscribers/tracing/one_event_is_a_span_test.ts",
  DeltaMetricExporterOptions: "tests/otel/delta/a_delta_begins_where_the_last_one_ended_test.ts",
  EventContext: "tests/bus/events_reach_their_subscribers_test.ts",
  EventMetricOptions: "tests/subscribers/metrics/metrics_follow_their_declarations_test.ts",
  OtlpMetricsTarget: "tests/observability/metrics_are_pushed_as_deltas_test.ts",
  ShutdownOptions: "tests/observability/a_service_ends_in_order_test.ts",
};

interface Documented {
  readonly owner: string;
  readonly option: string;
  readonly value: unknown;
}

/** The options whose docstrings name a default that is a text, a number, `true` or `false`. */
function documentedIn(source: string): Documented[] {
  const found: Documented[] = [];
  for (const [, owner, body] of source.matchAll(/^export interface (\w+)\b([^]*?)^\}/gm)) {
    for (
      const [, doc, option] of (body as string).matchAll(
        /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*readonly (\w+)\??:/g,
      )
    ) {
      const text = (doc as string).replace(/\s*\n\s*\*\s*/g, " ");
      const value = /Default: `?(true|false|"[^"]*"|\d[\d,.]*\d|\d)/.exec(text)?.[1];
      if (value === undefined) continue;
      found.push({
        owner: owner as string,
        option: option as string,
        value: JSON.parse(value.startsWith('"') ? value : value.replaceAll(",", "")),
      });
    }
  }
  return found;
}

const documented: Documented[] = [];
for await (const source of sourcesIn(new URL("../../src/", import.meta.url))) {
  documented.push(...documentedIn(await Deno.readTextFile(source)));
}

Deno.test("what is left out is what its docstring names as the default", async () => {
  assert(documented.length > 80, `only ${documented.length}`);
  for (const { owner, option, value } of documented) {
    const make = MAKES[owner];
    if (make === undefined) continue;
    assertEquals(
      JSON.stringify(await make({ [option]: value })),
      JSON.stringify(await make({})),
      `${owner}.${option}`,
    );
  }
});

Deno.test("every interface with a default is looked at", async () => {
  const owners = [...new Set(documented.map(({ owner }) => owner))].sort();
  assertEquals(owners, [...Object.keys(MAKES), ...Object.keys(ELSEWHERE)].sort());
  for (const path of Object.values(ELSEWHERE)) {
    assert((await Deno.stat(new URL(`../../${path}`, import.meta.url))).isFile);
  }
});
