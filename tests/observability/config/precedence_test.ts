import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../support/properties.ts";
import {
  ConfigurationError,
  DEFAULT_OBSERVABILITY_CONFIG,
  type ObservabilityConfig,
  type ObservabilityOptions,
  resolveObservabilityConfig,
} from "@busbar/busbar/observability";

Deno.test("without any source it is the defaults, with a new instance id each time", () => {
  const { serviceInstanceId, ...config } = resolveObservabilityConfig();
  assertEquals(config, DEFAULT_OBSERVABILITY_CONFIG);
  assertEquals(/^[\da-f-]{36}$/.test(serviceInstanceId), true);
  assertEquals(resolveObservabilityConfig().serviceInstanceId === serviceInstanceId, false);
  assertThrows(() => {
    (DEFAULT_OBSERVABILITY_CONFIG.bus as { maxQueueSize: number }).maxQueueSize = 1;
  }, TypeError);
});

const milliseconds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const batch = {
  scheduleDelayMs: milliseconds,
  maxQueueSize: fc.integer({ min: 512, max: 1e6 }),
  exportTimeoutMs: milliseconds,
};

/** Values of the settings that stand for themselves, by path. */
const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  "enabled": fc.boolean(),
  "serviceName": fc.stringMatching(/^[a-z]+$/),
  "serviceInstanceId": fc.stringMatching(/^[a-z]+$/),
  "bus.maxQueueSize": fc.integer({ min: 1, max: 2 ** 24 }),
  "bus.overflow": fc.constantFrom("drop-newest", "drop-oldest", "inline"),
  "bus.drainBudgetMs": fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
  "bus.maxInFlight": fc.integer({ min: 1, max: 2 ** 24 }),
  "metricsEnabled": fc.boolean(),
  "loggingEnabled": fc.boolean(),
  "runtimeTelemetry": fc.boolean(),
  "otlp.endpoint": fc.constantFrom("http://a", "https://b:1/c"),
  "otlp.protocol": fc.constantFrom("http/protobuf", "http/json"),
  "otlp.timeoutMs": milliseconds,
  "otlp.compression": fc.constantFrom("none", "gzip"),
  "prometheus.hostname": fc.constantFrom("::1", "0.0.0.0"),
  "prometheus.port": fc.integer({ min: 0, max: 65_535 }),
  "prometheus.scopeLabels": fc.constantFrom("others", "all"),
  "collectTimeoutMs": fc.integer({ min: 1, max: 1e6 }),
  "metricExportIntervalMs": fc.integer({ min: 30_000, max: 1e6 }),
  "sampler.name": fc.constantFrom("always_off", "traceidratio"),
  ...Object.fromEntries(
    ["spanBatch", "logBatch"].flatMap((name) =>
      Object.entries(batch).map(([key, value]) => [`${name}.${key}`, value])
    ),
  ),
};

function get(object: object, path: string): unknown {
  return path.split(".").reduce<unknown>((inner, name) => (inner as never)?.[name], object);
}

function nested(values: Record<string, unknown>): ObservabilityOptions {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [group, name] = path.split(".");
    if (name === undefined) root[group as string] = value;
    else (root[group as string] ??= {} as Record<string, unknown>)[name as never] = value as never;
  }
  return root;
}

Deno.test("log records wait for a second by default, spans for five", () => {
  const { spanBatch, logBatch } = DEFAULT_OBSERVABILITY_CONFIG;
  assertEquals(spanBatch.scheduleDelayMs, 5_000);
  assertEquals(logBatch, { ...spanBatch, scheduleDelayMs: 1_000 });
});

Deno.test("a batch may be as large as its queue, and a push take as long as its interval", () => {
  const spanBatch = { maxQueueSize: 7, maxExportBatchSize: 7 };
  const times = { metricExportIntervalMs: 9, metricExportTimeoutMs: 9 };
  const config = resolveObservabilityConfig({ options: { spanBatch, ...times } });
  assertEquals(config.spanBatch.maxExportBatchSize, 7);
  assertEquals(config.metricExportTimeoutMs, 9);
});

Deno.test("attributes of the service's name and instance are these settings, unless they are set", () => {
  const attributes = { "service.name": "a", "service.instance.id": "a-1", "host.name": "h" };
  const of = (options: ObservabilityOptions) => {
    const config = resolveObservabilityConfig({ options });
    return [config.serviceName, config.serviceInstanceId, config.resourceAttributes];
  };
  const others = { "host.name": "h" };
  assertEquals(of({ resourceAttributes: attributes }), ["a", "a-1", others]);
  const given = { serviceName: "b", serviceInstanceId: "b-1", resourceAttributes: attributes };
  assertEquals(of(given), ["b", "b-1", others]);
});

Deno.test("an attribute of the resource is a scalar, or a list of one kind of them", () => {
  const resolve = (resourceAttributes: unknown) =>
    resolveObservabilityConfig({ options: { resourceAttributes } as ObservabilityOptions });
  const good = { text: "a", numbers: [1, 2], flags: [true], none: [] };
  assertEquals(resolve(good).resourceAttributes, good);
  for (const bad of [null, "a=b", { a: [1, "b"] }, { a: {} }, { a: [[1]] }]) {
    assertThrows(() => resolve(bad), TypeError, "resourceAttributes must be");
  }
});

Deno.test("each setting comes from the options, else the flags, else the environment", () => {
  const source = fc.record(VALUES, { requiredKeys: [] });
  fc.assert(fc.property(source, source, source, (options, flags, env) => {
    const config = resolveObservabilityConfig({
      options: nested(options),
      flags: nested(flags),
      env: nested(env),
    });
    for (const path of Object.keys(VALUES)) {
      const said = [options, flags, env].find((values) => Object.hasOwn(values, path));
      if (said === undefined && path === "serviceInstanceId") continue;
      // A default follows the bus's queue, as the next test says.
      if (said === undefined && path.endsWith("Batch.maxQueueSize")) continue;
      assertEquals(
        get(config, path),
        said === undefined ? get(DEFAULT_OBSERVABILITY_CONFIG, path) : said[path],
        path,
      );
    }
  }));
});

Deno.test("an export queue holds what the bus's queue does, unless its size is chosen", () => {
  const sizes = (bus: number | undefined, spans?: number) => {
    const { spanBatch, logBatch } = resolveObservabilityConfig({
      options: { ...(bus === undefined ? {} : { bus: { maxQueueSize: bus } }) },
      env: spans === undefined ? {} : { spanBatch: { maxQueueSize: spans } },
    });
    return [spanBatch.maxQueueSize, logBatch.maxQueueSize];
  };
  assertEquals(sizes(undefined), [20_000, 20_000]);
  assertEquals(sizes(100), [20_000, 20_000]);
  assertEquals(sizes(50_000), [50_000, 50_000]);
  assertEquals(sizes(50_000, 2_048), [2_048, 50_000]);
});

Deno.test("attributes and headers are merged by name, in the same order", () => {
  const { resourceAttributes, serviceName, serviceInstanceId, otlp } = resolveObservabilityConfig({
    options: {
      resourceAttributes: { a: 1, "service.instance.id": "i" },
      otlp: { headers: { "X-A": "options" } },
    },
    flags: { serviceInstanceId: "flag" },
    env: {
      serviceName: "named",
      resourceAttributes: { a: "2", b: "2", "service.name": "attribute" },
      otlp: {
        endpoint: "http://a",
        headers: { "x-a": "env", "x-b": "env" },
        traces: { headers: { "x-b": "traces", "x-a": "traces" } },
      },
    },
  });
  assertEquals({ ...resourceAttributes }, { a: 1, b: "2" });
  assertEquals([serviceName, serviceInstanceId], ["named", "i"]);
  assertEquals({ ...otlp.headers }, { "x-a": "options", "x-b": "env" });
  assertEquals({ ...otlp.traces?.headers }, { "x-a": "options", "x-b": "traces" });
  assertEquals({ ...otlp.logs?.headers }, { "x-a": "options", "x-b": "env" });
});

Deno.test("a base endpoint gets the signals' paths, a signal's own is used as it is", () => {
  const targets = (options: ObservabilityOptions, env: ObservabilityOptions = {}) => {
    const { traces, metrics, logs } = resolveObservabilityConfig({ options, env }).otlp;
    return [traces?.endpoint, metrics?.endpoint, logs?.endpoint];
  };
  assertEquals(targets({}), [undefined, undefined, undefined]);
  assertEquals(targets({ otlp: { endpoint: "http://a:4318" } }), [
    "http://a:4318/v1/traces",
    "http://a:4318/v1/metrics",
    "http://a:4318/v1/logs",
  ]);
  assertEquals(
    targets({
      otlp: {
        endpoint: "http://a/base/?key=1",
        metrics: { endpoint: "http://m/x" },
        logs: { enabled: false },
      },
    }),
    ["http://a/base/v1/traces?key=1", "http://m/x", undefined],
  );
  // What the program says of all signals comes before what the environment says of one.
  assertEquals(
    targets({ otlp: { endpoint: "http://a" } }, { otlp: { traces: { endpoint: "http://t" } } })[0],
    "http://a/v1/traces",
  );
  assertEquals(targets({}, { otlp: { traces: { endpoint: "http://t" } } })[0], "http://t/");
  const { traces, logs } = resolveObservabilityConfig({
    options: { otlp: { timeoutMs: 5, traces: { timeoutMs: 6, protocol: "http/json" } } },
    env: { otlp: { endpoint: "http://a", compression: "gzip", timeoutMs: 7 } },
  }).otlp;
  assertEquals([traces?.timeoutMs, traces?.protocol, traces?.compression], [
    6,
    "http/json",
    "gzip",
  ]);
  assertEquals([logs?.timeoutMs, logs?.protocol], [5, "http/protobuf"]);
});

Deno.test("Prometheus pulls where nothing is pushed, or where it is named", () => {
  const enabled = (options: ObservabilityOptions) =>
    resolveObservabilityConfig({ options }).prometheus.enabled;
  const otlp = { endpoint: "http://a" };
  assertEquals(enabled({}), true);
  assertEquals(enabled({ otlp }), false);
  assertEquals(enabled({ otlp, prometheus: { port: 0 } }), true);
  assertEquals(enabled({ otlp, prometheus: { enabled: true } }), true);
  assertEquals(enabled({ otlp: { ...otlp, metrics: { enabled: false } } }), true);
  assertEquals(enabled({ prometheus: { enabled: false, port: 1 } }), false);
  assertEquals(enabled({ metricsEnabled: false, prometheus: { enabled: true } }), false);
  assertEquals(enabled({ runtimeTelemetry: true }), false);
});

Deno.test("a default gives way to what somebody chose", () => {
  const config = (options: ObservabilityOptions): ObservabilityConfig =>
    resolveObservabilityConfig({ options });
  assertEquals(config({ metricExportIntervalMs: 1_000 }).metricExportTimeoutMs, 1_000);
  assertEquals(config({ spanBatch: { maxQueueSize: 10 } }).spanBatch.maxExportBatchSize, 10);
  assertEquals(config({ sampler: { ratio: 0.5 } }).sampler, {
    name: "parentbased_traceidratio",
    ratio: 0.5,
  });
  assertEquals(
    resolveObservabilityConfig({
      options: { sampler: { ratio: 0.5 } },
      env: { sampler: { name: "always_off" } },
    }).sampler,
    { name: "parentbased_traceidratio", ratio: 0.5 },
  );
  assertEquals(
    resolveObservabilityConfig({
      options: { sampler: { name: "always_on" } },
      env: { sampler: { name: "traceidratio", ratio: 0.5 } },
    }).sampler,
    { name: "always_on", ratio: 1 },
  );
});

Deno.test("where the environment has a part in a contradiction, what is too much is cut", () => {
  const config = (options: ObservabilityOptions, env: ObservabilityOptions) =>
    resolveObservabilityConfig({ options, env });
  const interval = { metricExportIntervalMs: 10 };
  const timeout = { metricExportTimeoutMs: 20 };
  assertEquals(config(interval, timeout).metricExportTimeoutMs, 10);
  assertEquals(config(timeout, interval).metricExportTimeoutMs, 10);
  assertEquals(config({}, { ...interval, ...timeout }).metricExportTimeoutMs, 10);
  const batch = (maxExportBatchSize: number) => ({ spanBatch: { maxExportBatchSize } });
  const queue = { spanBatch: { maxQueueSize: 512 } };
  assertEquals(config(batch(1_024), queue).spanBatch.maxExportBatchSize, 512);
  assertEquals(config({}, batch(40_960)).spanBatch.maxExportBatchSize, 20_000);
});

// opentelemetry.io/docs/specs/otel/protocol/exporter, "Endpoint URLs for OTLP/HTTP"
Deno.test("what the environment pushes without an endpoint goes to this machine", () => {
  const { otlp, prometheus } = resolveObservabilityConfig({
    env: { otlp: { metrics: { enabled: true }, logs: { enabled: true } } },
  });
  assertEquals(otlp.traces, undefined);
  assertEquals(otlp.metrics?.endpoint, "http://localhost:4318/v1/metrics");
  assertEquals(otlp.logs?.endpoint, "http://localhost:4318/v1/logs");
  assertEquals(prometheus.enabled, false);
  const elsewhere = resolveObservabilityConfig({
    options: { otlp: { endpoint: "http://a" } },
    env: { otlp: { logs: { enabled: true } } },
  });
  assertEquals(elsewhere.otlp.logs?.endpoint, "http://a/v1/logs");
});

Deno.test("contradictions are refused, and the message names both sides", () => {
  const none = (signal: string, infix: string) =>
    `needs an OTLP endpoint for ${signal}, but none of otlp.endpoint, --otlp-endpoint, ` +
    `OTEL_EXPORTER_OTLP_ENDPOINT, otlp.${signal}.endpoint, ` +
    `OTEL_EXPORTER_OTLP_${infix}_ENDPOINT is set`;
  const cases: [sources: Parameters<typeof resolveObservabilityConfig>[0], message: string][] = [
    [{ options: { tracingEnabled: true } }, `tracingEnabled: ${none("traces", "TRACES")}`],
    [{ flags: { tracingEnabled: true } }, `--enable-tracing: ${none("traces", "TRACES")}`],
    [
      {
        options: { otlp: { traces: { enabled: false } } },
        flags: { tracingEnabled: true, otlp: { endpoint: "http://a" } },
      },
      "--enable-tracing: needs an OTLP endpoint for traces, but otlp.traces.enabled turns it off",
    ],
    [
      { options: { metricExportIntervalMs: 10, metricExportTimeoutMs: 20 } },
      "metricExportTimeoutMs: must be at most metricExportIntervalMs, which is 10, received 20",
    ],
    [
      { options: { spanBatch: { maxExportBatchSize: 40_960 } } },
      "spanBatch.maxExportBatchSize: must be at most the default spanBatch.maxQueueSize, " +
      "which is 20000, received 40960",
    ],
    [
      { options: { sampler: { name: "always_on", ratio: 0.5 } } },
      'sampler.ratio: has no meaning for sampler.name "always_on"',
    ],
  ];
  for (const [sources, message] of cases) {
    const error = assertThrows(() => resolveObservabilityConfig(sources), ConfigurationError);
    assertEquals(error.message, message);
    assertEquals(error.source, message.slice(0, message.indexOf(":")));
  }
  // No contradiction where there is nothing to push, or somebody else pushes.
  const tracingEnabled = true;
  resolveObservabilityConfig({ options: { tracingEnabled, enabled: false } });
  resolveObservabilityConfig({ options: { tracingEnabled }, env: { runtimeTelemetry: true } });
  resolveObservabilityConfig({
    flags: { metricsEnabled: false },
    env: { otlp: { metrics: { enabled: true } } },
  });
});

Deno.test("bad and unknown options are refused", () => {
  const cases: [options: object, ErrorClass: ErrorConstructor, message: string][] = [
    [
      { bus: { maxQueueSize: 0 } },
      RangeError,
      "bus.maxQueueSize must be an integer from 1 to 16777216, received 0",
    ],
    [
      { bus: { maxInFlight: 2 ** 24 + 1 } },
      RangeError,
      "bus.maxInFlight must be an integer from 1 to 16777216, received 16777217",
    ],
    [
      { bus: { overflow: "drop" } },
      TypeError,
      'bus.overflow must be one of "drop-newest", "drop-oldest", "inline", received "drop"',
    ],
    [{ bus: 1 }, TypeError, "bus must be an object, received 1"],
    [{ enabled: "no" }, TypeError, 'enabled must be true or false, received "no"'],
    [{ serviceNam: "shop" }, TypeError, "serviceNam is no option; did you mean serviceName?"],
    [
      { sampler: { probability: 1 } },
      TypeError,
      "sampler.probability is no option; there are sampler.name, sampler.ratio",
    ],
    [
      { prometheus: { host: "::1" } },
      TypeError,
      "prometheus.host is no option; did you mean prometheus.hostname?",
    ],
    [
      { otlp: { headers: new Headers({ a: "b" }) } },
      TypeError,
      "otlp.headers must be headers: names with printable values, received something else (values of headers are not shown)",
    ],
    [
      { otlp: { headers: { a: "b\r\nc: d" } } },
      TypeError,
      "otlp.headers must be headers: names with printable values, received something else (values of headers are not shown)",
    ],
    [
      { resourceAttributes: { a: ["b", 1] } },
      TypeError,
      "resourceAttributes must be attributes by name: strings, numbers, booleans or arrays of one of these, received [object Object]",
    ],
    [
      { resourceAttributes: { a: NaN } },
      TypeError,
      "resourceAttributes must be attributes by name: strings, numbers, booleans or arrays of one of these, received [object Object]",
    ],
    [
      { resourceAttributes: { a: 2 ** 64 } },
      TypeError,
      "resourceAttributes must be attributes by name: strings, numbers, booleans or arrays of one of these, received [object Object]",
    ],
    [
      { sampler: { ratio: NaN } },
      RangeError,
      "sampler.ratio must be a number from 0 to 1, received NaN",
    ],
  ];
  for (const [options, ErrorClass, message] of cases) {
    const error = assertThrows(() => resolveObservabilityConfig({ options }), ErrorClass);
    assertEquals(error.message, `Cannot configure observability: ${message}`);
  }
  const error = assertThrows(
    () => resolveObservabilityConfig({ flags: { bus: { maxQueueSize: 0 } } }),
    ConfigurationError,
  );
  assertEquals(
    error.message,
    "--event-bus-queue-size: must be an integer from 1 to 16777216, received 0",
  );
  // `undefined` says nothing.
  const options = { bus: undefined, serviceName: undefined } as unknown as ObservabilityOptions;
  assertEquals(resolveObservabilityConfig({ options }).bus, DEFAULT_OBSERVABILITY_CONFIG.bus);
});
