import { parseArgs } from "node:util";
import {
  ConfigurationError,
  type ObservabilityOptions,
  parseObservabilityArgs,
} from "@busbar/busbar/observability";
import { type Fault, FAULTS } from "../faults.ts";
import { clean, show } from "./text.ts";

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

/** What a `Map` holds, nearly. */
const MAX_CHUNKS = 16_000_000;
const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** Thrown when the flags are wrong; its message is meant for the user. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const LISTED_FAULTS = FAULTS.join(", ").match(/.{1,75}(,|$)/g)?.join("\n                   ");

/** What `--help` prints. */
export const USAGE = `A two-tier prefix cache that publishes what it does, and shows it as metrics.

Usage: deno task demo [flags]
Ctrl-C or SIGTERM stops it, within 5 seconds whatever is under way; a second one does at once.

  --trace FILE      replay a trace (JSON lines with timestamp and hash_ids), - for stdin;
                    default: a built-in, endless workload of conversations
  --requests N      stop after N requests; 0 leaves it all to clients over HTTP
  --l1-chunks N     chunks that fit into memory (default 2000)
  --l2-chunks N     chunks that fit on disk (default 20000)
  --l2-dir DIR      where the disk tier lives (default: a temporary directory, removed at the end)
  --port PORT       where metrics and POST /v1/lookup, /v1/store and /v1/retrieve are served on
                    127.0.0.1, 0 for any (default 9464)
  --speed X         a multiple of the input's own time, 0.001 to 1000000, or max (default 1)
  --seed N          seed of the built-in workload (default 1)
  --models N        spread the requests over so many models (default 1)
  --tenants N       and so many tenants of each (default 1)
  --devices N       and so many devices (default 1)
  --workers N       and so many workers (default 1)
  --ranks N         split each model over so many ranks, each with its own part of every chunk, and
                    on its own device (default 1)
  --threads N       serve the requests on so many threads in turn, each with a cache of its own;
                    the scrape shows all of them (default 1)
  --blend           serve every third request of up to 1024 chunks, of all ranks together, by
                    CacheBlend, which uses more than prefixes
  --fault NAME      make something go wrong; may be repeated:
                    ${LISTED_FAULTS}
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
  const read = <Value>(
    name: TextFlag,
    { must, read }: Rule<Value>,
    text = values[name]?.at(-1),
  ): Value | undefined => {
    if (text === undefined) return undefined;
    const value = read(text);
    if (value !== undefined) return value;
    throw new UsageError(`--${name}: must be ${must}, received ${show(text)}`);
  };
  const options: Options = {
    trace: read("trace", PATH),
    requests: read("requests", integer(0)) ?? Infinity,
    l1Chunks: read("l1-chunks", integer(1, MAX_CHUNKS)) ?? 2_000,
    l2Chunks: read("l2-chunks", integer(1, MAX_CHUNKS)) ?? 20_000,
    l2Dir: read("l2-dir", PATH),
    port: read("port", integer(0, 65_535)) ?? 9_464,
    speed: read("speed", SPEED) ?? 1,
    seed: read("seed", integer(0, 2 ** 32 - 1)) ?? 1,
    models: read("models", integer(1, 1_000)) ?? 1,
    tenants: read("tenants", integer(1, 1_000_000)) ?? 1,
    devices: read("devices", integer(1, 1_000)) ?? 1,
    workers: read("workers", integer(1, 1_000)) ?? 1,
    ranks: read("ranks", integer(1, 64)) ?? 1,
    threads: read("threads", integer(1, 64)) ?? 1,
    blend: values.blend ?? false,
    faults: (values.fault ?? []).flatMap((text) => read("fault", oneOf(FAULTS), text) ?? []),
    lifecycleSampleRatio: read("sample-ratio", decimal(0, 1)) ?? 0.01,
    lookupHashLogDir: read("lookup-hash-log-dir", PATH),
    logLevel: read("log-level", oneOf(LOG_LEVELS)) ?? "error",
    observability,
    once: values.once ?? false,
    help: values.help ?? false,
  };
  for (const [name, texts] of Object.entries(values)) {
    if (name === "fault" || !Array.isArray(texts) || texts.length === 1) continue;
    throw new UsageError(`--${name}: must be given once, received ${texts.map(show).join(", ")}`);
  }
  if (options.once && options.trace === undefined && options.requests === Infinity) {
    throw new UsageError("--once: the built-in workload is endless, add --requests N or --trace");
  }
  if (options.threads > 1 && options.trace === "-") {
    throw new UsageError("--threads: each reads the trace, and the standard input has one reader");
  }
  return options;
}

function parseObservability(args: readonly string[]) {
  try {
    return parseObservabilityArgs(args, { allowUnknown: true });
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(clean(error.message));
    throw error;
  }
}

const TEXT = { type: "string", multiple: true } as const;
const SWITCH = { type: "boolean" } as const;
const FLAGS = {
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
  fault: TEXT,
  "sample-ratio": TEXT,
  "lookup-hash-log-dir": TEXT,
  "log-level": TEXT,
  blend: SWITCH,
  once: SWITCH,
  help: { ...SWITCH, short: "h" },
} as const;
type TextFlag = Exclude<keyof typeof FLAGS, "blend" | "once" | "help">;

function parse(args: readonly string[]) {
  // What begins with a dash would be taken for a flag, but a number is a value.
  const joined: string[] = [];
  for (const arg of args) {
    if (/^-\d/.test(arg) && joined.at(-1)?.startsWith("--")) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  try {
    return parseArgs({ args: joined, allowPositionals: false, options: FLAGS }).values;
  } catch (error) {
    throw new UsageError(clean((error as Error).message.replaceAll("\n", " ")).slice(0, 500));
  }
}

/** What a flag's value must be. */
interface Rule<Value> {
  readonly must: string;
  /** @returns `undefined` if it is not */
  read(text: string): Value | undefined;
}

const PATH: Rule<string> = { must: "a path", read: (text) => text === "" ? undefined : text };

/** Slower, a request takes days to come; faster is `max`. */
const SPEEDS = decimal(0.001, 1_000_000);
const SPEED: Rule<number> = {
  must: `${SPEEDS.must}, or max`,
  read: (text) => text === "max" ? Infinity : SPEEDS.read(text),
};

function integer(min: number, max = Number.MAX_SAFE_INTEGER): Rule<number> {
  return { ...decimal(min, max, /^-?\d+$/), must: `an integer from ${min} to ${max}` };
}

function decimal(min: number, max: number, digits = /^-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i) {
  return {
    must: `a number from ${min} to ${max}`,
    read(text: string) {
      const value = digits.test(text) ? Number(text) : NaN;
      return value >= min && value <= max ? value : undefined;
    },
  } satisfies Rule<number>;
}

function oneOf<Name extends string>(names: readonly Name[]): Rule<Name> {
  return {
    must: `one of ${names.join(", ")}`,
    read: (text) => names.find((name) => name === text),
  };
}
