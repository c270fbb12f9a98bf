import { assert, assertEquals } from "@std/assert";
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
import { serve } from "../../support/loopback.ts";
import fc, { runs } from "../../support/properties.ts";

type Variables = Readonly<Record<string, string>>;

const NAMES = [...OBSERVABILITY_ENV_VARS, ...UNSUPPORTED_VARIABLES]
  .filter((name) => name !== "OTEL_DENO");

/** Values that one or the other variable knows, or nearly. */
const VALUES = [
  ..."true,TRUE,1,yes,false,0,-1,1.5,10s,1e3,99999999999,512,4096,60000,otlp,console,prometheus"
    .split(
      ",",
    ),
  ..."none,zipkin,otlp,none,grpc,http,http/json,http/protobuf,gzip,zstd,delta,deltas".split(","),
  ..."always_on,always_off,traceidratio,jaeger_remote,0.5,10%,trace_based,localhost:4318".split(
    ",",
  ),
  "otlp,console",
  "otlp,prometheus,zipkin",
  "none,otlp",
  "http://127.0.0.1:4317",
  "http://127.0.0.1:1/v1/traces",
  "http://[::1",
  '"http://127.0.0.1:1"',
  "http://me:secret@127.0.0.1:1",
  "a=b=c, d = e ,f",
  "k=50%",
  "=x",
  "a=1,b=2",
  "Authorization: Bearer x",
  "0.0.0.0",
  "::1",
  "tracecontext,baggage",
  "b3",
  " ",
  ",",
];

/** Programs that would run without the environment. */
const PROGRAMS: readonly ObservabilityOptions[] = [
  {},
  { enabled: false },
  { tracingEnabled: true, otlp: { endpoint: "http://127.0.0.1:1" } },
  { tracingEnabled: false, metricsEnabled: false, loggingEnabled: false },
  { otlp: { metrics: { endpoint: "http://127.0.0.1:1", timeoutMs: 5 } } },
  { metricExportIntervalMs: 10, spanBatch: { maxExportBatchSize: 4_000 } },
  { metricExportTimeoutMs: 20_000, sampler: { ratio: 0.5 }, console: { traces: true } },
  { serviceName: "a", serviceInstanceId: "b", prometheus: { port: 0 } },
  { sampler: { name: "always_on" }, otlp: { metrics: { enabled: false } } },
];

const program = fc.constantFrom(...PROGRAMS);
const value = fc.oneof(fc.constantFrom(...VALUES), fc.string(), fc.string({ unit: "binary" }));
const variables: fc.Arbitrary<Variables> = fc.dictionary(fc.constantFrom(...NAMES), value);

const reader = (variables: Variables) => (name: string) =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

function configOf(options: ObservabilityOptions, variables: Variables) {
  const env = readObservabilityEnv(reader(variables));
  return resolveObservabilityConfig({ options: { serviceInstanceId: "i", ...options }, env });
}

/** How often each variable is told. */
function toldOf(config: ReturnType<typeof configOf>, variables: Variables): Map<string, number> {
  const told = new Map<string, number>();
  for (const line of ineffectiveEnvVars(config, reader(variables))) {
    const name = line.slice(0, line.indexOf(":"));
    told.set(name, (told.get(name) ?? 0) + 1);
  }
  return told;
}

// opentelemetry.io/docs/specs/otel/error-handling: "MUST NOT throw unhandled exceptions"
Deno.test("any values of any variables give a configuration, and each is told at most once", () => {
  fc.assert(
    fc.property(program, variables, (options, variables) => {
      const told = toldOf(configOf(options, variables), variables);
      for (const [name, times] of told) {
        assertEquals(times, 1, name);
        assert(Object.hasOwn(variables, name), `${name} is not set`);
      }
    }),
    runs(1_000),
  );
});

/** Each value in an object of objects, by path. */
function leaves(object: object, path = ""): [path: string, value: unknown][] {
  return Object.entries(object).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? leaves(value, `${path}${name}.`)
      : [[`${path}${name}`, value] as [string, unknown]]
  );
}

/** Whether something that a variable asks for is in force, as it may be without it. */
function isInForce(config: ReturnType<typeof configOf>, variables: Variables): boolean {
  const inForce = new Map(leaves(config));
  return leaves(readObservabilityEnv(reader(variables))).some(([path, value]) => {
    const [, signal] = /^otlp\.(traces|metrics|logs)\.enabled$/.exec(path) ?? [];
    if (signal === undefined) return inForce.get(path) === value;
    return (config.otlp[signal as "logs"] !== undefined) === value;
  });
}

/** What asks for what happens anyway, though it is not supported. */
const ANYWAY = new Map([["OTEL_PROPAGATORS", "tracecontext,baggage"]]);

Deno.test("a variable that changes nothing is told, unless it asks for what is in force", () => {
  fc.assert(
    fc.property(program, fc.constantFrom(...NAMES), value, (options, name, value) => {
      const variables = { [name]: value };
      const config = configOf(options, variables);
      if (!config.enabled || value.trim() === "" || ANYWAY.get(name) === value) return;
      // A list of nothing.
      if (/^[,\s]*$/.test(value)) return;
      const isSame = JSON.stringify(config) === JSON.stringify(configOf(options, {}));
      if (!isSame || isInForce(config, variables)) return;
      assertEquals(toldOf(config, variables).get(name), 1, `${name}=${JSON.stringify(value)}`);
    }),
    runs(3_000),
  );
});

const { catalog, span } = declare<{ start: undefined; end: undefined }>();
const shop = catalog({ spans: { op: span("start", "end") }, logs: { end: { level: "info" } } });

Deno.test("a program starts whatever the variables say", async () => {
  const noConsole = { traces: false, metrics: false, logs: false };
  await fc.assert(
    fc.asyncProperty(program, variables, async (options, variables) => {
      const obs = await startObservability<{ start: undefined; end: undefined }>({
        catalog: shop,
        ...options,
        console: noConsole,
        ...(options.tracingEnabled === undefined ? {} : { tracingEnabled: false }),
        server: options.prometheus === undefined ? false : undefined,
        logSink: () => {},
        env: reader(variables),
        logger: new MemoryLogger(),
      });
      // What it pushes goes nowhere; its time is over at once.
      await obs.shutdown({ timeoutMs: 0 }).catch(() => {});
    }),
    runs(60),
  );
});

Deno.test("an address of the environment that cannot be opened is told, and another used", async () => {
  await using taken = await serve(() => Promise.resolve(new Response()));
  const { port } = new URL(taken.origin);
  const logger = new MemoryLogger();
  const start = (variables: Variables, options: ObservabilityOptions) =>
    startObservability({ ...options, env: reader(variables), logger });
  // Without the variable, nothing would be served.
  const otlp = { endpoint: "http://127.0.0.1:1" };
  await using pushing = await start(
    { OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_PORT: port },
    { otlp, loggingEnabled: false },
  );
  assertEquals(pushing.metricsUrl, undefined);
  assertEquals(pushing.config.prometheus.enabled, false);
  assert(
    logger.lines[0]?.startsWith(
      "busbar: OTEL_EXPORTER_PROMETHEUS_PORT, OTEL_METRICS_EXPORTER: has no effect, metrics are not " +
        "served: ",
    ),
    logger.lines[0],
  );
});
