import { parseArgs } from "node:util";
import {
  ConfigurationError,
  type ObservabilityOptions,
  parseObservabilityArgs,
} from "@busbar/busbar/observability";
import { type Fault, FAULTS } from "./faults.ts";

/** The example's flags, checked. */
export interface Options {
  readonly trace: string | undefined;
  readonly requests: number;
  readonly l1Chunks: number;
  readonly l2Chunks: number;
  readonly l2Dir: string | undefined;
  readonly port: number;
  /** A multiple of the input's own time; `Infinity` for `max`. */
  readonly speed: number;
  readonly seed: number;
  readonly models: number;
  readonly tenants: number;
  readonly devices: number;
  readonly workers: number;
  /** Over how many ranks each model is split. */
  readonly ranks: number;
  /** How many threads serve the requests in turn, each from a cache of its own. */
  readonly threads: number;
  /** Whether every third request is served by CacheBlend. */
  readonly blend: boolean;
  readonly faults: readonly Fault[];
  /** The share of chunks whose lives become metrics, from 0 to 1. */
  readonly lifecycleSampleRatio: number;
  /** Where the hashes of lookups are kept, if anywhere. */
  readonly lookupHashLogDir: string | undefined;
  /** The log records of this level and above are said. */
  readonly logLevel: typeof LOG_LEVELS[number];
  /** What Busbar's own flags say: where telemetry is pushed to, whether there are spans. */
  readonly observability: ObservabilityOptions;
  readonly once: boolean;
  readonly help: boolean;
}

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** Thrown when the flags are wrong; its message is meant for the user. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What `--help` prints. */
export const USAGE = `A two-tier prefix cache that publishes what it does, and shows it as metrics.

Usage: deno task demo [flags]

  --trace FILE      replay a trace (JSON lines with timestamp and hash_ids), - for stdin;
                    default: a built-in, endless workload of conversations
  --requests N      stop after N requests; 0 leaves it all to clients over HTTP
  --l1-chunks N     chunks that fit into memory (default 2000)
  --l2-chunks N     chunks that fit on disk (default 20000)
  --l2-dir DIR      where the disk tier lives (default: a temporary directory, removed at the end)
  --port PORT       where metrics and POST /v1/lookup, /v1/store and /v1/retrieve are served on
                    127.0.0.1, 0 for any (default 9464)
  --speed X         a multiple of the input's own time, or max (default 1)
  --seed N          seed of the built-in workload (default 1)
  --models N        spread the requests over so many models (default 1)
  --tenants N       and so many tenants of each (default 1)
  --devices N       and so many devices (default 1)
  --workers N       and so many workers (default 1)
  --ranks N         split each model over so many ranks, each with its own part of every chunk, and
                    on its own device (default 1)
  --threads N       serve the requests on so many threads in turn, each with a cache of its own;
                    the scrape shows all of them (default 1)
  --blend           serve every third request of up to 1024 chunks by CacheBlend, which uses more
                    than prefixes
  --fault NAME      make something go wrong; may be repeated:
                    ${FAULTS.slice(0, 8).join(", ")},
                    ${FAULTS.slice(8, 13).join(", ")},
                    ${FAULTS.slice(13).join(", ")}
  --sample-ratio X  the share of chunks whose lives become metrics, 0 to 1 (default 0.01)
  --lookup-hash-log-dir DIR
                    keep what each lookup asks for, as lines of JSON in files of this directory
  --log-level NAME  say the log records of this level and above: ${LOG_LEVELS.join(", ")}
                    (default error)
  --once            stop after the input and print the final scrape on stdout
  --help            print this

Flags of Busbar's own:
  --otlp-endpoint URL   push metrics and log records to a collector, too (so does the variable
                        OTEL_EXPORTER_OTLP_ENDPOINT); it needs --allow-net for the address
  --enable-tracing      and spans`;

/**
 * Reads the flags.
 *
 * @throws {UsageError} if one is unknown, or its value is not what it must be
 */
export function parseOptions(args: string[]): Options {
  const { config: observability, rest } = parseObservability(args);
  const values = parse(rest);
  const options: Options = {
    trace: values.trace,
    requests: integer("--requests", values.requests, { min: 0, byDefault: Infinity }),
    l1Chunks: integer("--l1-chunks", values["l1-chunks"], { min: 1, byDefault: 2_000 }),
    l2Chunks: integer("--l2-chunks", values["l2-chunks"], { min: 1, byDefault: 20_000 }),
    l2Dir: values["l2-dir"],
    port: integer("--port", values.port, { min: 0, max: 65_535, byDefault: 9_464 }),
    speed: speed(values.speed),
    seed: integer("--seed", values.seed, { min: 0, max: 2 ** 32 - 1, byDefault: 1 }),
    models: integer("--models", values.models, { min: 1, max: 1_000, byDefault: 1 }),
    tenants: integer("--tenants", values.tenants, { min: 1, max: 1_000_000, byDefault: 1 }),
    devices: integer("--devices", values.devices, { min: 1, max: 1_000, byDefault: 1 }),
    workers: integer("--workers", values.workers, { min: 1, max: 1_000, byDefault: 1 }),
    ranks: integer("--ranks", values.ranks, { min: 1, max: 64, byDefault: 1 }),
    threads: integer("--threads", values.threads, { min: 1, max: 64, byDefault: 1 }),
    blend: values.blend ?? false,
    faults: (values.fault ?? []).map((text) => oneOf("--fault", FAULTS, text)),
    lifecycleSampleRatio: ratio("--sample-ratio", values["sample-ratio"]),
    lookupHashLogDir: values["lookup-hash-log-dir"],
    logLevel: oneOf("--log-level", LOG_LEVELS, values["log-level"] ?? "error"),
    observability,
    once: values.once ?? false,
    help: values.help ?? false,
  };
  if (options.once && options.trace === undefined && options.requests === Infinity) {
    throw new UsageError("--once: the built-in workload is endless, add --requests N or --trace");
  }
  if (options.threads > 1 && options.trace === "-") {
    throw new UsageError("--threads: each reads the trace, and the standard input has one reader");
  }
  return options;
}

const TEXT = { type: "string" } as const;
const SWITCH = { type: "boolean" } as const;

function parseObservability(args: readonly string[]) {
  try {
    return parseObservabilityArgs(args, { allowUnknown: true });
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message);
    throw error;
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: false,
      options: {
        trace: TEXT,
        requests: TEXT,
        "l1-chunks": TEXT,
        "l2-chunks": TEXT,
        "l2-dir": TEXT,
        port: TEXT,
        speed: TEXT,
        seed: TEXT,
        models: TEXT,
        tenants: TEXT,
        devices: TEXT,
        workers: TEXT,
        ranks: TEXT,
        threads: TEXT,
        fault: { ...TEXT, multiple: true },
        "sample-ratio": TEXT,
        "lookup-hash-log-dir": TEXT,
        "log-level": TEXT,
        blend: SWITCH,
        once: SWITCH,
        help: { ...SWITCH, short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

interface IntegerRule {
  readonly min: number;
  /** Default: there is none. */
  readonly max?: number;
  readonly byDefault: number;
}

function integer(
  flag: string,
  text: string | undefined,
  { min, max = Number.MAX_SAFE_INTEGER, byDefault }: IntegerRule,
): number {
  if (text === undefined) return byDefault;
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const rule = max === Number.MAX_SAFE_INTEGER
    ? `an integer of at least ${min}`
    : `an integer from ${min} to ${max}`;
  throw new UsageError(`${flag}: must be ${rule}, received ${JSON.stringify(text)}`);
}

function speed(text: string | undefined): number {
  if (text === undefined) return 1;
  if (text === "max") return Infinity;
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(
    `--speed: must be a number above 0 or max, received ${JSON.stringify(text)}`,
  );
}

function ratio(flag: string, text = "0.01"): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new UsageError(`${flag}: must be a number from 0 to 1, received ${JSON.stringify(text)}`);
}

function oneOf<Name extends string>(flag: string, names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `${flag}: must be one of ${names.join(", ")}, received ${JSON.stringify(text)}`,
  );
}
