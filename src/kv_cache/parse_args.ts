import { invalidArgument } from "../internal/arguments.ts";
import type { KvCacheCatalogOptions } from "./catalog/kv_cache_catalog.ts";

const ACTION = "read the flags of the KV cache";

const SAMPLE_RATE = "--metrics-sample-rate";
const INSTANCE_ID = "--instance-id";
/** What the flags of `startObservability` call it. */
const SERVICE_INSTANCE_ID = "--service-instance-id";

const RUNTIME = "startObservability's metrics of the runtime, which are there unless " +
  "runtimeMetrics is false: v8js.gc.duration";
const ALL_EVENTS = "bus.subscribeAll, and a file of your own: there is no recorder";
const LOOKUPS = "the option lookupHashLog of registerKvCache";
const DEVICES = "the option transferReport of registerKvCache";
const COORDINATOR = "bus.subscribe for the events of keys: there is no coordinator to report to";

/** LMCache's flags that have no meaning here, and what to use instead. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["--http-host", "the option prometheus: { hostname }"],
  ["--http-port", "--prometheus-port: metrics have a port of their own"],
  ["--lookup-hash-log-dir", LOOKUPS],
  ["--lookup-hash-log-rotation-interval", LOOKUPS],
  ["--lookup-hash-log-rotation-max-size", LOOKUPS],
  ["--lookup-hash-log-max-files", LOOKUPS],
  ["--enable-gc-monitor", RUNTIME],
  ["--gc-monitor-min-pause-ms", RUNTIME],
  ["--gc-monitor-top-objects", RUNTIME],
  ["--enable-extra-logging", DEVICES],
  ["--extra-logging-interval", DEVICES],
  ["--trace-level", ALL_EVENTS],
  ["--trace-output", ALL_EVENTS],
  ["--disable-grpc-metrics", "nothing: there is no gRPC here"],
  ["--coordinator-url", COORDINATOR],
  ["--coordinator-event-reporting", COORDINATOR],
  ["--coordinator-event-flush-interval", COORDINATOR],
]);

/**
 * Reads those of LMCache's flags that `startObservability` does not know: `--metrics-sample-rate R`,
 * a number above 0 and at most 1, is the catalog's `lifecycleSampleRatio`; `--instance-id ID` is
 * handed on as `--service-instance-id`. Flags of LMCache that have no meaning here are refused, and
 * the error says what to use. All other arguments are left in `rest`, as they are and in order, and
 * so are those after `--`. A value may also follow an `=`; of a flag given twice the last one counts.
 *
 * @example
 * ```ts
 * import { kvCacheCatalog, parseKvCacheArgs } from "@busbar/busbar/kv-cache";
 * import { parseObservabilityArgs } from "@busbar/busbar/observability";
 *
 * const flags = ["--metrics-sample-rate", "0.5", "--instance-id=a", "--disable-logging"];
 * const { options, rest } = parseKvCacheArgs(flags);
 * const catalog = kvCacheCatalog(options); // startObservability({ catalog, args: rest })
 * if (catalog.metrics === undefined || options.lifecycleSampleRatio !== 0.5) throw new Error();
 * if (parseObservabilityArgs(rest).config.serviceInstanceId !== "a") throw new Error(rest.join());
 * ```
 *
 * @throws {TypeError} if a flag has no meaning here, or its value is missing
 * @throws {RangeError} if the rate is out of range
 */
export function parseKvCacheArgs(args: readonly string[]): {
  /** What the flags say of the catalog. */
  readonly options: Pick<KvCacheCatalogOptions, "lifecycleSampleRatio">;
  /** The other arguments. */
  readonly rest: string[];
} {
  let lifecycleSampleRatio: number | undefined;
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] as string;
    if (argument === "--") {
      rest.push(...args.slice(i));
      break;
    }
    const equals = argument.indexOf("=");
    const flag = equals === -1 ? argument : argument.slice(0, equals);
    const instead = REFUSED.get(flag);
    if (instead !== undefined) {
      throw new TypeError(`Cannot ${ACTION}: ${flag} has no meaning here; use ${instead}`);
    }
    if (flag !== SAMPLE_RATE && flag !== INSTANCE_ID) {
      rest.push(argument);
      continue;
    }
    const value = equals === -1 ? args[++i] : argument.slice(equals + 1);
    if (value === undefined || value === "" || (equals === -1 && value.startsWith("--"))) {
      return invalidArgument(TypeError, ACTION, flag, "followed by a value", value);
    }
    if (flag === INSTANCE_ID) rest.push(`${SERVICE_INSTANCE_ID}=${value}`);
    else lifecycleSampleRatio = sampleRate(value);
  }
  return { options: { lifecycleSampleRatio }, rest };
}

function sampleRate(text: string): number {
  const rate = text.trim() === "" ? NaN : Number(text);
  if (rate > 0 && rate <= 1) return rate;
  const rule = "a number above 0 and at most 1";
  return invalidArgument(RangeError, ACTION, SAMPLE_RATE, rule, text);
}
