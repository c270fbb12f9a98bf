import { invalidArgument } from "../internal/arguments.ts";
import type { KvCacheCatalogOptions } from "./catalog/kv_cache_catalog.ts";
import type { KvCacheOptions } from "./register.ts";

const ACTION = "read the flags of the KV cache";

const SAMPLE_RATE = "--metrics-sample-rate";
const INSTANCE_ID = "--instance-id";
/** What the flags of `startObservability` call it. */
const SERVICE_INSTANCE_ID = "--service-instance-id";
const LOOKUP_HASH_LOG_DIR = "--lookup-hash-log-dir";
const EXTRA_LOGGING = "--enable-extra-logging";
const DISABLE_GRPC_METRICS = "--disable-grpc-metrics";
const DISABLE_OBSERVABILITY = "--disable-observability";

const RUNTIME = "startObservability's metrics of the runtime, which are there unless " +
  "runtimeMetrics is false: v8js.gc.duration";
const ALL_EVENTS = "bus.subscribeAll, and a file of your own: there is no recorder";
const COORDINATOR = "bus.subscribe for the events of keys: there is no coordinator to report to";

/** LMCache's flags that have no meaning here, and what to use instead. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ["--http-host", "the option prometheus: { hostname }"],
  ["--http-port", "--prometheus-port: metrics have a port of their own"],
  ["--enable-gc-monitor", RUNTIME],
  ["--gc-monitor-min-pause-ms", RUNTIME],
  ["--gc-monitor-top-objects", RUNTIME],
  ["--trace-level", ALL_EVENTS],
  ["--trace-output", ALL_EVENTS],
  ["--coordinator-url", COORDINATOR],
  ["--coordinator-event-reporting", COORDINATOR],
  ["--coordinator-event-flush-interval", COORDINATOR],
]);

/** What the flags with a number say, in the units of the options. */
interface Numbers {
  lifecycleSampleRatio?: number;
  maxFileAgeMs?: number;
  maxFileBytes?: number;
  maxFiles?: number;
  intervalMs?: number;
}

interface NumberFlag {
  readonly option: keyof Numbers;
  readonly rule: string;
  readonly isValid: (value: number) => boolean;
  /** How many of the option's unit are one of the flag's. */
  readonly factor: number;
}

const seconds = {
  rule: "a number of seconds above 0",
  isValid: (value: number) => value > 0 && Number.isFinite(value),
  factor: 1_000,
} as const;
const integer = {
  rule: "a positive integer",
  isValid: (value: number) => Number.isSafeInteger(value) && value > 0,
  factor: 1,
} as const;

const NUMBER_FLAGS: ReadonlyMap<string, NumberFlag> = new Map<string, NumberFlag>([
  [SAMPLE_RATE, {
    option: "lifecycleSampleRatio",
    rule: "a number above 0 and at most 1",
    isValid: (value) => value > 0 && value <= 1,
    factor: 1,
  }],
  ["--lookup-hash-log-rotation-interval", { option: "maxFileAgeMs", ...seconds }],
  ["--lookup-hash-log-rotation-max-size", { option: "maxFileBytes", ...integer }],
  ["--lookup-hash-log-max-files", { option: "maxFiles", ...integer }],
  ["--extra-logging-interval", { option: "intervalMs", ...seconds }],
]);

/**
 * Reads those of LMCache's flags that `startObservability` does not know:
 *
 * - `--metrics-sample-rate R`, a number above 0 and at most 1, is the catalog's `lifecycleSampleRatio`.
 * - `--instance-id ID` is handed on as `--service-instance-id`.
 * - `--lookup-hash-log-dir DIR` is the `directory` of `lookupHashLog`; an empty one is none, and then
 *   the next three say nothing. `--lookup-hash-log-rotation-interval S`, in seconds, is its
 *   `maxFileAgeMs`, `--lookup-hash-log-rotation-max-size BYTES` its `maxFileBytes`,
 *   `--lookup-hash-log-max-files N` its `maxFiles`.
 * - `--enable-extra-logging` asks for `transferReport`, `--extra-logging-interval S`, in seconds, is
 *   its `intervalMs`. Together with `--disable-observability` it is refused.
 * - `--disable-grpc-metrics` is taken, for there are none.
 *
 * Flags of LMCache that have no meaning here are refused, and the error says what to use. All other
 * arguments are left in `rest`, as they are and in order, and so are those after `--`. A value may
 * also follow an `=`; of a flag given twice the last one counts.
 *
 * @example
 * ```ts
 * import { EventBus } from "@busbar/busbar";
 * import {
 *   kvCacheCatalog,
 *   type KvCacheEvents,
 *   parseKvCacheArgs,
 *   registerKvCache,
 * } from "@busbar/busbar/kv-cache";
 * import { parseObservabilityArgs } from "@busbar/busbar/observability";
 *
 * const flags = ["--metrics-sample-rate", "0.5", "--instance-id=a", "--enable-extra-logging"];
 * const { options, lookupHashLog, transferReport, rest } = parseKvCacheArgs(flags);
 * const catalog = kvCacheCatalog(options); // startObservability({ catalog, args: rest })
 * if (catalog.metrics === undefined || options.lifecycleSampleRatio !== 0.5) throw new Error();
 * if (parseObservabilityArgs(rest).config.serviceInstanceId !== "a") throw new Error(rest.join());
 *
 * await using bus = new EventBus<KvCacheEvents>().start(); // that of startObservability
 * if (lookupHashLog || transferReport) {
 *   registerKvCache(bus, {
 *     lookupHashLog,
 *     transferReport: transferReport && { ...transferReport, write: (line) => console.log(line) },
 *   });
 * }
 * ```
 *
 * @throws {TypeError} if a flag has no meaning here, its value is missing, it takes none, or it
 * contradicts another one
 * @throws {RangeError} if a number is out of range
 */
export function parseKvCacheArgs(args: readonly string[]): {
  /** What the flags say of the catalog. */
  readonly options: Pick<KvCacheCatalogOptions, "lifecycleSampleRatio">;
  /** The option of `registerKvCache`; `undefined` without a directory. */
  readonly lookupHashLog: KvCacheOptions["lookupHashLog"];
  /** The option of `registerKvCache` but for its `write`; `undefined` if it is not asked for. */
  readonly transferReport: { readonly intervalMs: number | undefined } | undefined;
  /** The other arguments. */
  readonly rest: string[];
} {
  const numbers: Numbers = {};
  let directory = "";
  let isReporting = false;
  let isDisabled = false;
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
    if (flag === EXTRA_LOGGING || flag === DISABLE_GRPC_METRICS) {
      if (equals !== -1) {
        invalidArgument(TypeError, ACTION, flag, "without a value", argument.slice(equals + 1));
      }
      isReporting ||= flag === EXTRA_LOGGING;
      continue;
    }
    const numberFlag = NUMBER_FLAGS.get(flag);
    if (numberFlag === undefined && flag !== INSTANCE_ID && flag !== LOOKUP_HASH_LOG_DIR) {
      isDisabled ||= argument === DISABLE_OBSERVABILITY;
      rest.push(argument);
      continue;
    }
    const value = equals === -1 ? args[++i] : argument.slice(equals + 1);
    const isEmpty = value === "" && flag !== LOOKUP_HASH_LOG_DIR;
    if (value === undefined || isEmpty || (equals === -1 && value.startsWith("--"))) {
      return invalidArgument(TypeError, ACTION, flag, "followed by a value", value);
    }
    if (numberFlag !== undefined) numbers[numberFlag.option] = numberOf(flag, numberFlag, value);
    else if (flag === INSTANCE_ID) rest.push(`${SERVICE_INSTANCE_ID}=${value}`);
    else directory = value;
  }
  if (isReporting && isDisabled) {
    const rule = `without ${DISABLE_OBSERVABILITY}`;
    throw new TypeError(`Cannot ${ACTION}: ${EXTRA_LOGGING} must be ${rule}, received both`);
  }
  const { lifecycleSampleRatio, intervalMs, ...limits } = numbers;
  return {
    options: { lifecycleSampleRatio },
    lookupHashLog: directory === "" ? undefined : { directory, ...limits },
    transferReport: isReporting ? { intervalMs } : undefined,
    rest,
  };
}

function numberOf(flag: string, { rule, isValid, factor }: NumberFlag, text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (isValid(value)) return value * factor;
  return invalidArgument(RangeError, ACTION, flag, rule, text);
}
