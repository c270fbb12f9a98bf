import { isLoopback } from "../http/access.ts";
import type { HealthRoutesOptions } from "../http/health_routes.ts";
import type { Route } from "../http/route.ts";
import { DEFAULT_METRICS_ADDRESS } from "../http/serve_metrics.ts";
import { format, invalidArgument } from "../internal/arguments.ts";
import { errorText } from "../internal/reporting.ts";
import type { ObservabilityConfig } from "./config/config.ts";
import { ConfigurationError } from "./config/configuration_error.ts";
import type { EnvReader } from "./config/env_value.ts";
import type { ObservabilityOptions } from "./config/options.ts";
import { readVariable } from "../internal/read_variable.ts";
import { readTextFile } from "./read_text_file.ts";

/** What the metrics server and the handlers answer, and to whom. */
export interface ServerOptions {
  /**
   * `false` opens no port: metrics and health are answered by `handler` and `nodeHandler`, in a
   * server that you have. Default: a port is opened where metrics are pulled.
   */
  readonly server?: boolean | undefined;
  /** Whether `/readyz` answers 200; from the beginning of a shutdown it does not. Default: always. */
  readonly ready?: HealthRoutesOptions["ready"] | undefined;
  /** Further routes. Default: none. */
  readonly routes?: readonly Route[] | undefined;
  /**
   * The host names that are answered besides those of the loopback interface; see
   * `HandlerOptions.allowedHosts`. Default: none of a server that listens on loopback, else any.
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /**
   * What requests must carry as a bearer token, but for those of `/healthz` and `/readyz`. Default:
   * the content of `tokenFile`; else the variable `BUSBAR_METRICS_TOKEN`, or the content of the file
   * that `BUSBAR_METRICS_TOKEN_FILE` names; else none.
   */
  readonly token?: string | undefined;
  /**
   * A file that holds the token; it is read once, at the start. It must be a regular one of at most
   * 64 KiB. Default: none.
   */
  readonly tokenFile?: string | undefined;
  /**
   * Whether the server may listen elsewhere than on loopback without a token, so that others read
   * everything. Default: `false`.
   */
  readonly insecure?: boolean | undefined;
}

/** The names of the options. */
export const SERVER_OPTIONS: readonly (keyof ServerOptions)[] = [
  "server",
  "ready",
  "routes",
  "allowedHosts",
  "token",
  "tokenFile",
  "insecure",
];

/**
 * The settings of a program whose options say whether a port is opened.
 *
 * @throws {ConfigurationError} if no port is to be opened, and one is named
 */
export function withoutServer(
  { server, prometheus }: ServerOptions & Pick<ObservabilityOptions, "prometheus">,
  flags: ObservabilityOptions,
): ObservabilityOptions["prometheus"] {
  if (server !== undefined && typeof server !== "boolean") {
    invalidArgument(TypeError, "start observability", "server", "true or false", server);
  }
  if (server !== false) return prometheus;
  const { enabled, hostname, port, scopeLabels } = prometheus ?? {};
  if (enabled === true || hostname !== undefined || port !== undefined) {
    throw new ConfigurationError("server", "must not be false where prometheus says what to open");
  }
  if (flags.prometheus?.port !== undefined) {
    throw new ConfigurationError(
      "--prometheus-port",
      "must be absent where the program opens no port (server: false)",
    );
  }
  return { enabled: false, scopeLabels };
}

/** Who may read what is shown. */
export interface ServerAccess {
  /** The configuration, whose address may be listened to. */
  readonly config: ObservabilityConfig;
  /** What requests must carry. */
  readonly token: string | undefined;
  /** What is to be logged of it. */
  readonly lines: readonly string[];
}

const TOKEN = "BUSBAR_METRICS_TOKEN";
const TOKEN_FILE = "BUSBAR_METRICS_TOKEN_FILE";
const HOST = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PROTECTION =
  `a token (token, tokenFile, ${TOKEN} or ${TOKEN_FILE}) or insecure: true, since others reach it`;

const UNSENDABLE = "it holds what no header of a request can, such as a second line";

/**
 * Finds out who may read what is shown. What the environment says stops no program: an address that
 * it names without a token is not listened to, and a token that cannot be read is nobody's.
 *
 * @throws {ConfigurationError} if others could read everything, and nobody said so; or the token
 * cannot be read
 */
export function resolveAccess(
  options: ServerOptions & Pick<ObservabilityOptions, "prometheus"> & {
    env?: EnvReader | undefined;
  },
  config: ObservabilityConfig,
): ServerAccess {
  const { insecure = false, env = readVariable } = options;
  if (typeof insecure !== "boolean") {
    invalidArgument(TypeError, "start observability", "insecure", "true or false", insecure);
  }
  const told: string[] = [];
  const token = tokenOf(options, env, told);
  // Where nothing is wanted, nobody reads.
  const lines = config.enabled ? told : [];
  const { enabled, hostname } = config.prometheus;
  const isOpen = config.enabled && enabled && !config.runtimeTelemetry && !isLoopback(hostname) &&
    token === undefined && !insecure;
  if (!isOpen) return { config, token, lines };
  if (options.prometheus?.hostname !== undefined) {
    throw new ConfigurationError(
      "prometheus.hostname",
      `must be a loopback address, received ${format(hostname)}; another one needs ${PROTECTION}`,
    );
  }
  const loopback = DEFAULT_METRICS_ADDRESS.hostname;
  lines.push(`${HOST}: has no effect, ${loopback} is used: ${hostname} needs ${PROTECTION}`);
  return {
    config: { ...config, prometheus: { ...config.prometheus, hostname: loopback } },
    token,
    lines,
  };
}

function tokenOf(
  { token, tokenFile }: ServerOptions,
  env: EnvReader,
  lines: string[],
): string | undefined {
  const fromEnv = env(TOKEN)?.trim() || undefined;
  const file = env(TOKEN_FILE)?.trim() || undefined;
  const option = token !== undefined ? "token" : tokenFile !== undefined ? "tokenFile" : undefined;
  const first = option ?? (fromEnv === undefined ? undefined : TOKEN);
  if (option !== undefined && fromEnv !== undefined) {
    lines.push(`${TOKEN}: has no effect: ${option} comes first`);
  }
  if (first !== undefined && file !== undefined) {
    lines.push(`${TOKEN_FILE}: has no effect: ${first} comes first`);
  }
  if (token !== undefined && tokenFile !== undefined) {
    throw new ConfigurationError("tokenFile", "must be absent where there is a token");
  }
  if (token !== undefined) return token;
  if (tokenFile !== undefined) {
    try {
      return tokenIn(tokenFile);
    } catch (error) {
      throw new ConfigurationError("tokenFile", `cannot be read: ${errorText(error)}`);
    }
  }
  if (fromEnv !== undefined && !isSendable(fromEnv)) {
    lines.push(`${TOKEN}: ${UNSENDABLE}, so that nobody has the token`);
  }
  if (fromEnv !== undefined || file === undefined) return fromEnv;
  try {
    return tokenIn(file);
  } catch (error) {
    // Who asked for a token must not get a server without one.
    lines.push(`${TOKEN_FILE}: cannot be read, so that nobody has the token: ${errorText(error)}`);
    return crypto.randomUUID();
  }
}

function tokenIn(file: string): string {
  const token = readTextFile(file).trim();
  if (token === "") throw new Error("it is empty");
  if (!isSendable(token)) throw new Error(UNSENDABLE);
  return token;
}

/** Whether a request's header can hold it. */
function isSendable(token: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]+$/.test(token);
}
