import { parseArgs } from "node:util";
import { assertKnownNames } from "../../internal/option_names.ts";
import { ConfigurationError } from "./configuration_error.ts";
import type { ObservabilityOptions } from "./options.ts";
import type { Rule } from "./rules.ts";
import { nest, SETTINGS } from "./settings.ts";

/** What {@linkcode parseObservabilityArgs} makes of the arguments. */
export interface ObservabilityArgs {
  /** What the flags say. */
  readonly config: ObservabilityOptions;
  /** The arguments that are none of the flags, as they are and in order. */
  readonly rest: string[];
}

/** The options of {@linkcode parseObservabilityArgs}. */
export interface ObservabilityArgsOptions {
  /**
   * Whether other flags are left in `rest`, for a program that has flags of its own. Default:
   * `false`, they are refused.
   */
  readonly allowUnknown?: boolean | undefined;
}

/** Flags without a value, and what they say. */
const SWITCHES: Readonly<Record<string, boolean>> = {
  "enabled": false,
  "metricsEnabled": false,
  "loggingEnabled": false,
  "tracingEnabled": true,
};

interface Flag {
  readonly path: string;
  readonly rule: Rule;
  /** `undefined` if it takes a value. */
  readonly says: boolean | undefined;
}

const FLAGS: ReadonlyMap<string, Flag> = new Map(
  [...SETTINGS].flatMap(([path, { flag, rule }]) =>
    flag === undefined ? [] : [[flag, { path, rule, says: SWITCHES[path] }] as const]
  ),
);

/** The flags that {@linkcode parseObservabilityArgs} knows. */
export const OBSERVABILITY_FLAGS: readonly string[] = Object.freeze([...FLAGS.keys()]);

/**
 * Reads the flags `--disable-observability`, `--disable-metrics`, `--disable-logging`,
 * `--enable-tracing`, `--event-bus-queue-size N`, `--otlp-endpoint URL`, `--prometheus-port PORT`
 * and `--service-instance-id ID`; a value may also follow an `=`. If a flag is given twice, the
 * last one counts. Arguments after `--` are ignored.
 *
 * @example
 * ```ts
 * import { parseObservabilityArgs } from "@busbar/busbar/observability";
 *
 * const { config, rest } = parseObservabilityArgs(["serve", "--prometheus-port", "0"]);
 * if (config.prometheus?.port !== 0 || rest[0] !== "serve") throw new Error("not read");
 * ```
 *
 * @throws {ConfigurationError} if a value is invalid, or a flag is unknown
 * @throws {TypeError} if an option is unknown
 */
export function parseObservabilityArgs(
  args: readonly string[],
  options: ObservabilityArgsOptions = {},
): ObservabilityArgs {
  assertKnownNames("parse flags", "option", options, ["allowUnknown"]);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      [...FLAGS].map(([flag, { says }]) => [
        flag.slice(2),
        { type: says === undefined ? "string" : "boolean" } as const,
      ]),
    ),
    // Its own messages do not say what a value must be.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, unknown>();
  const consumed = new Set<number>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const flag = FLAGS.get(token.rawName);
    if (flag === undefined) {
      if (options.allowUnknown) continue;
      throw new ConfigurationError(
        token.rawName,
        `unknown; the flags are ${OBSERVABILITY_FLAGS.join(", ")}`,
      );
    }
    consumed.add(token.index);
    if (token.value !== undefined && !token.inlineValue) consumed.add(token.index + 1);
    values.set(flag.path, valueOf(token.rawName, flag, token));
  }
  return {
    config: nest(values) as ObservabilityOptions,
    rest: args.filter((_, index) => !consumed.has(index)),
  };
}

function valueOf(
  name: string,
  { rule, says }: Flag,
  { value, inlineValue }: { value: string | undefined; inlineValue: boolean | undefined },
): unknown {
  if (says !== undefined) {
    if (value === undefined) return says;
    throw new ConfigurationError(name, `takes no value, received ${JSON.stringify(value)}`);
  }
  // The next flag is no value: the value was forgotten.
  if (value === undefined || (!inlineValue && value.startsWith("--"))) {
    throw new ConfigurationError(name, `must be ${rule.text}, received nothing`);
  }
  const parsed = rule.parse(value);
  if (rule.check(parsed)) return parsed;
  throw new ConfigurationError(name, `must be ${rule.text}, received ${rule.format(value)}`);
}
