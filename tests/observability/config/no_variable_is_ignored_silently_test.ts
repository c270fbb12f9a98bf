import { assert, assertEquals, assertThrows } from "@std/assert";
import { declare } from "@busbar/busbar/catalog";
import {
  ineffectiveEnvVars,
  OBSERVABILITY_ENV_VARS,
  type ObservabilityOptions,
  readObservabilityEnv,
  resolveObservabilityConfig,
  startObservability,
} from "@busbar/busbar/observability";
import { MemoryLogger } from "@busbar/busbar/testing";
import { UNSUPPORTED_VARIABLES } from "../../../src/observability/config/unsupported_variables.ts";
import { OtlpReceiver } from "../../support/otlp_receiver.ts";

type Variables = Readonly<Record<string, string>>;

const reader = (variables: Variables) => (name: string) =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

function configOf(variables: Variables, options: ObservabilityOptions = {}) {
  return resolveObservabilityConfig({ options, env: readObservabilityEnv(reader(variables)) });
}

/** The names of what has no effect. */
function unused(variables: Variables, options: ObservabilityOptions = {}): string[] {
  return ineffectiveEnvVars(configOf(variables, options), reader(variables))
    .map((line) => line.slice(0, line.indexOf(": has no effect: ")));
}

const PUSHED = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318" };

Deno.test("what is not supported is reported by its name, and never by its value", () => {
  for (const name of UNSUPPORTED_VARIABLES) {
    const variables = { ...PUSHED, [name]: "the-secret" };
    const lines = ineffectiveEnvVars(configOf(variables), reader(variables));
    assertEquals([lines.length, lines[0]?.startsWith(`${name}: has no effect: `)], [1, true]);
    assertEquals(lines[0]?.includes("the-secret"), false);
    assertEquals(unused({ ...PUSHED, [name]: " " }), []);
  }
});

Deno.test("what asks for what happens anyway is not reported", () => {
  const aggregation = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
  for (
    const variables of [
      { OTEL_PROPAGATORS: "tracecontext, baggage" },
      { OTEL_PROPAGATORS: "tracecontext" },
      { [aggregation]: "Explicit_Bucket_Histogram" },
      { OTEL_METRICS_EXEMPLAR_FILTER: "trace_based" },
      { OTEL_METRICS_EXEMPLAR_FILTER: "always_off" },
    ]
  ) assertEquals(unused({ ...PUSHED, ...variables }), []);
  assertEquals(unused({ ...PUSHED, OTEL_PROPAGATORS: "b3" }), ["OTEL_PROPAGATORS"]);
  assertEquals(unused({ OTEL_METRICS_EXEMPLAR_FILTER: "always_on" }), [
    "OTEL_METRICS_EXEMPLAR_FILTER",
  ]);
});

Deno.test("what needs another setting is reported as long as that is missing", () => {
  const tracing = { tracingEnabled: true };
  const arg = { ...PUSHED, OTEL_TRACES_SAMPLER_ARG: "0.5" };
  assertEquals(unused(arg), ["OTEL_TRACES_SAMPLER_ARG"]);
  const always = { ...arg, OTEL_TRACES_SAMPLER: "always_on" };
  assertEquals(unused(always, tracing), ["OTEL_TRACES_SAMPLER_ARG"]);
  assertEquals(unused({ ...arg, OTEL_TRACES_SAMPLER: "TraceIdRatio" }, tracing), []);

  const traces = {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://a",
    OTEL_TRACES_SAMPLER: "always_on",
    OTEL_BSP_SCHEDULE_DELAY: "1",
    OTEL_SPAN_LINK_COUNT_LIMIT: "1",
  };
  assertEquals(unused(traces), Object.keys(traces));
  assertEquals(unused(traces, tracing), []);

  const logs = {
    OTEL_EXPORTER_OTLP_HEADERS: "a=b",
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "5",
    OTEL_BLRP_SCHEDULE_DELAY: "1",
    OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "1",
  };
  assertEquals(unused(logs), Object.keys(logs));
  assertEquals(unused({ ...PUSHED, ...logs }), []);
  const { OTEL_EXPORTER_OTLP_HEADERS: _, ...ofLogs } = logs;
  const metricsAlone = { otlp: { metrics: { endpoint: "http://a" } } };
  assertEquals(unused(logs, metricsAlone), Object.keys(ofLogs));

  const metrics = {
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
  };
  assertEquals(unused(metrics), Object.keys(metrics));
  assertEquals(unused(metrics, metricsAlone), []);
  const pulled = { ...PUSHED, ...metrics, OTEL_METRICS_EXPORTER: "prometheus" };
  assertEquals(unused(pulled), Object.keys(metrics));
  const port = { OTEL_EXPORTER_PROMETHEUS_PORT: "1" };
  assertEquals(unused(port), []);
  assertEquals(unused({ ...PUSHED, ...port, OTEL_METRICS_EXPORTER: "otlp" }), Object.keys(port));

  // Nothing is wanted, or the runtime reads them.
  assertEquals(unused(logs, { enabled: false }), []);
  assertEquals(unused({ ...logs, OTEL_PROPAGATORS: "b3" }, { runtimeTelemetry: true }), []);
});

Deno.test("what is told of the resource names the variable that comes first", () => {
  const variables = { OTEL_SERVICE_NAME: "a", OTEL_RESOURCE_ATTRIBUTES: "service.name=b" };
  assertEquals(ineffectiveEnvVars(configOf(variables), reader(variables)), [
    "OTEL_RESOURCE_ATTRIBUTES: has no effect: an option, a flag or OTEL_SERVICE_NAME comes first",
  ]);
});

Deno.test("startObservability reports to the logger, once each", async () => {
  const logger = new MemoryLogger();
  const variables = { OTEL_LOG_LEVEL: "debug", OTEL_PROPAGATORS: "b3" };
  const obs = await startObservability({
    env: reader(variables),
    prometheus: { port: 0 },
    logger,
  });
  await obs.flush();
  await obs.shutdown();
  assertEquals(logger.lines.slice(0, -1), [
    "busbar: OTEL_PROPAGATORS: has no effect: " +
    "an event's traceparent is read as W3C's tracecontext, and nothing else",
    "busbar: OTEL_LOG_LEVEL: has no effect: " +
    "losses and failures are logged, whatever the level",
  ]);
});

Deno.test("temporality, limits and the exemplar filter are read, and come after the options", () => {
  const preference = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
  const variables = {
    ...PUSHED,
    [preference]: "LowMemory",
    OTEL_ATTRIBUTE_COUNT_LIMIT: "10",
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "100",
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "1",
    OTEL_SPAN_EVENT_COUNT_LIMIT: "2",
    OTEL_SPAN_LINK_COUNT_LIMIT: "3",
    OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: "4",
    OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: "5",
    OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: "6",
    OTEL_METRICS_EXEMPLAR_FILTER: "ALWAYS_OFF",
  };
  const config = configOf(variables);
  assertEquals(config.otlp.metrics?.temporalityPreference, "lowmemory");
  assertEquals(config.spanLimits, {
    attributeCountLimit: 1,
    attributeValueLengthLimit: 100,
    eventCountLimit: 2,
    linkCountLimit: 3,
    attributePerEventCountLimit: 4,
    attributePerLinkCountLimit: 5,
  });
  assertEquals(config.logRecordLimits, { attributeCountLimit: 10, attributeValueLengthLimit: 6 });
  assertEquals(config.exemplarFilter, "always_off");

  const chosen = configOf(variables, {
    otlp: { metrics: { temporalityPreference: "delta" } },
    logRecordLimits: { attributeCountLimit: 0 },
    exemplarFilter: "trace_based",
  });
  assertEquals(chosen.otlp.metrics?.temporalityPreference, "delta");
  assertEquals(chosen.logRecordLimits, { attributeCountLimit: 0, attributeValueLengthLimit: 6 });
  assertEquals(chosen.exemplarFilter, "trace_based");
  assertEquals(configOf(PUSHED).otlp.metrics?.temporalityPreference, "cumulative");
});

Deno.test("bad values of these are told by the name of what they come from", () => {
  const preference = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
  const words = 'must be one of "cumulative", "delta", "lowmemory", received "deltas"';
  const cases: [name: string, value: string, problem: string][] = [
    [preference, "deltas", words],
    ["OTEL_SPAN_LINK_COUNT_LIMIT", "-1", 'must be an integer of at least 0, received "-1"'],
    ["OTEL_ATTRIBUTE_COUNT_LIMIT", "all", 'must be an integer of at least 0, received "all"'],
    [
      "OTEL_METRICS_EXEMPLAR_FILTER",
      "some",
      'must be "trace_based" or "always_off", received "some"',
    ],
  ];
  for (const [name, value, problem] of cases) {
    const variables = { ...PUSHED, [name]: value };
    const lines = ineffectiveEnvVars(configOf(variables), reader(variables));
    assertEquals(lines, [`${name}: has no effect: ${problem}`]);
    const { serviceInstanceId: _, ...config } = configOf(variables);
    const { serviceInstanceId: __, ...without } = configOf(PUSHED);
    assertEquals(config, without);
  }
  const bad = { otlp: { metrics: { temporalityPreference: "deltas" as "delta" } } };
  const error = assertThrows(() => configOf({}, bad), TypeError);
  assertEquals(
    error.message,
    `Cannot configure observability: otlp.metrics.temporalityPreference ${words}`,
  );
});

interface ShopEvents {
  start: { long: string; other: string };
  end: undefined;
}
const { catalog, counter, duration, span } = declare<ShopEvents>();
const shop = catalog({
  metrics: { "shop.starts": counter("start"), "shop.time": duration("start", "end") },
  spans: { work: span("start", "end") },
  logs: { start: { level: "info" } },
});

Deno.test("limits cut what is pushed, and without exemplars no trace is named", async () => {
  await using receiver = await OtlpReceiver.start();
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "3",
    OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "2", // the session is the first
    OTEL_METRICS_EXEMPLAR_FILTER: "always_off",
  };
  const obs = await startObservability<ShopEvents>({
    env: reader(variables),
    prometheus: { port: 0 },
    catalog: shop,
    tracingEnabled: true,
  });
  obs.bus.publish("start", { long: "abcdef", other: "x" }, { sessionId: "s" });
  obs.bus.publish("end", undefined, { sessionId: "s" });
  await obs.flush();
  const accept = { headers: { accept: "application/openmetrics-text; version=1.0.0" } };
  const scrape = await (await fetch(obs.metricsUrl ?? "", accept)).text();
  await obs.shutdown();
  assert(scrape.includes("shop_time_seconds_count 1"), scrape);
  assertEquals(scrape.includes("trace_id"), false);
  const bodyOf = (signal: string) =>
    receiver.received.find(({ path }) => path === `/v1/${signal}`)?.body;
  const [span] = bodyOf("traces").resourceSpans[0].scopeSpans[0].spans;
  const [record] = bodyOf("logs").resourceLogs[0].scopeLogs[0].logRecords;
  const long = (attributes: { key: string; value: { string?: string } }[]) =>
    attributes.find(({ key }) => key === "long")?.value.string;
  assertEquals(long(span.attributes), "abc");
  assertEquals([long(record.attributes), record.attributes.length], ["abc", 2]);
});

Deno.test("the guide's table has every variable, and no other", async () => {
  const url = new URL("../../../docs/guides/pushing.md", import.meta.url);
  const [, section = ""] = (await Deno.readTextFile(url)).split(
    "## OpenTelemetry's environment variables\n",
  );
  const rows = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => /^\| `/.test(line));
  const listed = { obeyed: [] as string[], not: [] as string[] };
  for (const row of rows) {
    const [, names = "", effect = ""] = row.split("|");
    const into = effect.trim().startsWith("not supported") ? listed.not : listed.obeyed;
    for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) into.push(...expand(name));
  }
  assertEquals(listed.obeyed.toSorted(), OBSERVABILITY_ENV_VARS.toSorted());
  assertEquals(listed.not.toSorted(), UNSUPPORTED_VARIABLES.toSorted());
});

/** `a{b,c}d` stands for `abd` and `acd`, as in a shell. */
function expand(name: string): string[] {
  const [, before, inner, after] = name.match(/^(.*?)\{(.*?)\}(.*)$/) ?? [];
  if (inner === undefined) return [name];
  return inner.split(",").flatMap((part) => expand(`${before}${part}${after}`));
}
