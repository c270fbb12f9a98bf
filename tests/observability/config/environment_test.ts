import { assertEquals } from "@std/assert";
import {
  ineffectiveEnvVars,
  readObservabilityEnv,
  resolveObservabilityConfig,
} from "@busbar/busbar/observability";

const read = (variables: Record<string, string>) =>
  readObservabilityEnv((name) => Object.hasOwn(variables, name) ? variables[name] : undefined);

Deno.test("each of OpenTelemetry's variables says what it is for", () => {
  const cases: [variables: Record<string, string>, options: object][] = [
    [{}, {}],
    [{ OTEL_SDK_DISABLED: "TRUE" }, { enabled: false }],
    [{ OTEL_SDK_DISABLED: "false" }, { enabled: true }],
    [{ OTEL_SERVICE_NAME: " shop " }, { serviceName: "shop" }],
    [{ OTEL_SERVICE_NAME: "", OTEL_METRIC_EXPORT_INTERVAL: " " }, {}],
    [{ OTEL_RESOURCE_ATTRIBUTES: "a=1, b.c = x%2Cy%3D%20z ,d=,e%2Cf==,," }, {
      resourceAttributes: { a: "1", "b.c": "x,y= z", d: "", "e,f": "=" },
    }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318/base/" }, {
      otlp: { endpoint: "http://a:4318/base/" },
    }],
    [{
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20t,x-a=b=c",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_TIMEOUT: "500",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    }, {
      otlp: {
        headers: { authorization: "Bearer t", "x-a": "b=c" },
        protocol: "http/json",
        timeoutMs: 500,
        compression: "gzip",
      },
    }],
    [{
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t/x",
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: "a=b",
      OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "1",
    }, {
      otlp: {
        traces: { endpoint: "https://t/x" },
        metrics: { protocol: "http/protobuf" },
        logs: { headers: { a: "b" }, timeoutMs: 1 },
      },
    }],
    [{ OTEL_METRIC_EXPORT_INTERVAL: "1", OTEL_METRIC_EXPORT_TIMEOUT: "2147483647" }, {
      metricExportIntervalMs: 1,
      metricExportTimeoutMs: 2_147_483_647,
    }],
    [{ OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0", OTEL_EXPORTER_PROMETHEUS_PORT: "0" }, {
      prometheus: { hostname: "0.0.0.0", port: 0 },
    }],
    [{ OTEL_TRACES_SAMPLER: "TraceIdRatio", OTEL_TRACES_SAMPLER_ARG: "0.25" }, {
      sampler: { name: "traceidratio", ratio: 0.25 },
    }],
    [{ OTEL_TRACES_SAMPLER: "always_on", OTEL_TRACES_SAMPLER_ARG: "what others have" }, {
      sampler: { name: "always_on" },
    }],
    [{ OTEL_TRACES_SAMPLER_ARG: "0.5" }, {}],
    [{
      OTEL_BSP_SCHEDULE_DELAY: "0",
      OTEL_BSP_MAX_QUEUE_SIZE: "2",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "1",
      OTEL_BSP_EXPORT_TIMEOUT: "3",
      OTEL_BLRP_MAX_QUEUE_SIZE: "4",
    }, {
      spanBatch: { scheduleDelayMs: 0, maxQueueSize: 2, maxExportBatchSize: 1, exportTimeoutMs: 3 },
      logBatch: { maxQueueSize: 4 },
    }],
    [{
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    }, { tracingEnabled: false, metricsEnabled: false, otlp: { logs: { enabled: false } } }],
    [{ OTEL_METRICS_EXPORTER: "otlp, prometheus", OTEL_TRACES_EXPORTER: "otlp" }, {
      tracingEnabled: true,
      otlp: { traces: { enabled: true }, metrics: { enabled: true } },
      prometheus: { enabled: true },
    }],
    [{ OTEL_METRICS_EXPORTER: "prometheus" }, {
      otlp: { metrics: { enabled: false } },
      prometheus: { enabled: true },
    }],
    [{ OTEL_TRACES_EXPORTER: "console", OTEL_LOGS_EXPORTER: "OTLP,Console" }, {
      tracingEnabled: true,
      otlp: { traces: { enabled: false }, logs: { enabled: true } },
      console: { traces: true, logs: true },
    }],
    [{ OTEL_METRICS_EXPORTER: "console" }, {
      otlp: { metrics: { enabled: false } },
      console: { metrics: true },
      prometheus: { enabled: false },
    }],
    // configuration/common.md, "Timeout": 0 is no limit
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: "0", OTEL_BSP_EXPORT_TIMEOUT: "0" }, {
      otlp: { timeoutMs: 2 ** 31 - 1 },
      spanBatch: { exportTimeoutMs: 2 ** 31 - 1 },
    }],
    [{ OTEL_DENO: "1" }, {}],
  ];
  for (const [variables, options] of cases) assertEquals(read(variables), options);
});

Deno.test("Deno's own telemetry is noticed, and may know protocols of its own", () => {
  assertEquals(read({ OTEL_DENO: "true", OTEL_EXPORTER_OTLP_PROTOCOL: "console" }), {
    runtimeTelemetry: true,
  });
});

/** What is told of some variables, by a program that pushes. */
function told(variables: Record<string, string>): readonly string[] {
  const all: Record<string, string> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://a:4318",
    ...variables,
  };
  const get = (name: string) => all[name];
  const config = resolveObservabilityConfig({ env: readObservabilityEnv(get) });
  return ineffectiveEnvVars(config, get);
}

// opentelemetry.io/docs/specs/otel/configuration/common, "Boolean", "Numeric" and "Enum": a warning, and
// as if it were not set; opentelemetry.io/docs/specs/otel/resource/sdk: a malformed list is discarded whole
Deno.test("a bad value is told by the variable's name, and says nothing", () => {
  const pairs = "must be attributes by name: strings, numbers, booleans or arrays of one of these";
  const cases: [name: string, value: string, problem: string][] = [
    ["OTEL_SDK_DISABLED", "yes", 'must be true or false, received "yes"'],
    [
      "OTEL_METRIC_EXPORT_INTERVAL",
      "1.5",
      'must be an integer from 1 to 2147483647, received "1.5"',
    ],
    [
      "OTEL_METRIC_EXPORT_INTERVAL",
      "60s",
      'must be an integer from 1 to 2147483647, received "60s"',
    ],
    [
      "OTEL_EXPORTER_PROMETHEUS_PORT",
      "65536",
      'must be an integer from 0 to 65535, received "65536"',
    ],
    ["OTEL_EXPORTER_PROMETHEUS_HOST", "a b", 'must be a host name or an address, received "a b"'],
    // An address's credentials are not shown, wherever it stands.
    [
      "OTEL_EXPORTER_PROMETHEUS_HOST",
      "http://me:secret@a/?key=secret",
      'must be a host name or an address, received "http://…@a/?…"',
    ],
    [
      "OTEL_EXPORTER_OTLP_PROTOCOL",
      "grpc",
      'must be "http/protobuf" or "http/json", received "grpc"',
    ],
    ["OTEL_BSP_MAX_QUEUE_SIZE", "0", 'must be an integer of at least 1, received "0"'],
    ["OTEL_BSP_SCHEDULE_DELAY", "-1", 'must be an integer from 0 to 2147483647, received "-1"'],
    ["OTEL_RESOURCE_ATTRIBUTES", "a", `${pairs}, received "a"`],
    ["OTEL_RESOURCE_ATTRIBUTES", "=a", `${pairs}, received "=a"`],
    ["OTEL_RESOURCE_ATTRIBUTES", "b=1,a=%zz", `${pairs}, received "b=1,a=%zz"`],
    ["OTEL_TRACES_EXPORTER", "zipkin", 'must be of "otlp", "console", "none", received "zipkin"'],
    [
      "OTEL_METRICS_EXPORTER",
      "none,zipkin",
      'must be of "otlp", "prometheus", "console", "none", received "none,zipkin"',
    ],
  ];
  for (const [name, value, problem] of cases) {
    assertEquals(read({ [name]: value }), {}, name);
    assertEquals(told({ [name]: value }), [`${name}: has no effect: ${problem}`]);
  }
  const sampler = {
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "2",
  };
  assertEquals(read(sampler).sampler, { name: "traceidratio" });
  assertEquals(told(sampler), [
    'OTEL_TRACES_SAMPLER_ARG: has no effect: must be a number from 0 to 1, received "2"',
  ]);
});

Deno.test("of several exporters those that exist are used, and the others told", () => {
  assertEquals(read({ OTEL_TRACES_EXPORTER: "otlp,zipkin" }), {
    tracingEnabled: true,
    otlp: { traces: { enabled: true } },
  });
  assertEquals(told({ OTEL_TRACES_EXPORTER: "otlp,zipkin" }), [
    'OTEL_TRACES_EXPORTER: has no effect: must be of "otlp", "console", "none", received "zipkin"',
  ]);
});

Deno.test("none counts alone: beside exporters it is told as such", () => {
  for (const value of ["none,otlp", "OTLP, None"]) {
    assertEquals(read({ OTEL_TRACES_EXPORTER: value }).otlp, { traces: { enabled: true } });
    assertEquals(told({ OTEL_TRACES_EXPORTER: value }), [
      'OTEL_TRACES_EXPORTER: has no effect: "none" counts on its own only, received ' +
      JSON.stringify(value.toLowerCase().replace(" ", "")),
    ]);
  }
  assertEquals(told({ OTEL_METRICS_EXPORTER: "none, none" }), []);
});

Deno.test("an endpoint that is probably meant otherwise is obeyed, and pointed out", () => {
  const cases: [name: string, value: string, hint: string][] = [
    [
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "http://a:4318/v1/traces",
      "ends in /v1/traces, though it is the base URL to which /v1/traces, /v1/metrics and /v1/logs " +
      "are appended",
    ],
    [
      "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
      "http://a:4317",
      "has the port of OTLP over gRPC, and the push is OTLP over HTTP, whose port is 4318",
    ],
  ];
  for (const [name, value, hint] of cases) {
    assertEquals(told({ [name]: value }), [`${name}: ${hint}`]);
  }
  assertEquals(told({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://a:4318/v1/metrics" }), []);
});

Deno.test("nothing that is told shows a header's value or an endpoint's credentials", () => {
  const cases: [name: string, value: string][] = [
    ["OTEL_EXPORTER_OTLP_HEADERS", "the-secret"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "a=the-secret%"],
    ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=the-secret%0d%0ab: c"],
    ["OTEL_EXPORTER_OTLP_LOGS_HEADERS", "a b=the-secret"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:the-secret@collector:4318"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "me:the-secret@collector:4318"],
    ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://collector:99999/?token=the-secret"],
  ];
  for (const [name, value] of cases) {
    const [line = "", ...others] = told({ [name]: value });
    assertEquals(others, []);
    assertEquals([line.startsWith(`${name}: has no effect: must be`), line.includes("secret")], [
      true,
      false,
    ]);
  }
});
