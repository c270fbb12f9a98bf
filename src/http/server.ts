import { format, invalidArgument } from "../internal/arguments.ts";
import type { DeadlineOptions } from "../library/options.ts";
import { Deadline, resolveTimeoutMs } from "../internal/deadline.ts";
import type { Logger } from "../internal/logger.ts";

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** Where to listen. */
export interface Address {
  readonly hostname: string;
  /** 0 for any free port. */
  readonly port: number;
}

/** What a runtime's own server listens with. */
export interface ListenOptions extends Address {
  readonly handler: Handler;
  /** Where failures of connections are logged. */
  readonly logger: Logger;
}

/** A runtime's own server, once it listens. */
export interface ListeningServer {
  /** The port that it listens on. */
  readonly port: number;
  /** Accepts no more connections; resolves after the requests in progress. */
  close(): Promise<void>;
  /** Cuts off the requests in progress. */
  abort(): unknown;
}

/** Thrown if the address to serve metrics at is in use. */
export class AddressInUseError extends Error {
  /** Names this class of errors. */
  override readonly name = "AddressInUseError";
  /** The address. */
  readonly hostname: string;
  /** The port. */
  readonly port: number;

  /** Names the address that is in use. */
  constructor(hostname: string, port: number, options?: ErrorOptions) {
    super(`Cannot serve metrics: ${hostname}:${port} is in use`, options);
    this.hostname = hostname;
    this.port = port;
  }
}

/** What stands in the way of listening, in the same words on every runtime. */
export function listenError(error: unknown, { hostname, port }: Address): unknown {
  const { code } = error as { code?: unknown };
  return code === "EADDRINUSE" ? new AddressInUseError(hostname, port, { cause: error }) : error;
}

/** @throws {TypeError} or {RangeError} if nothing can listen there */
export function assertAddress({ hostname, port }: Address): void {
  if (typeof hostname !== "string" || withoutBrackets(hostname).trim() === "") {
    invalidArgument(TypeError, "serve metrics", "hostname", "a text that is not empty", hostname);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(
      `Cannot serve metrics: port must be an integer from 0 to 65535, received ${format(port)}`,
    );
  }
}

/** An address of IPv6 may stand in brackets, as in URLs; who listens needs it without. */
export const withoutBrackets = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");

/** `http://<hostname>:<port>` */
export function originOf({ hostname, port }: Address): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** The end of a server, which comes once: after the requests in progress, or at the deadline. */
export function shutdownOf(server: ListeningServer): (options?: DeadlineOptions) => Promise<void> {
  let ended: Promise<void> | undefined;
  return async (options = {}) => {
    const timeoutMs = resolveTimeoutMs("shut the metrics server down", options);
    await (ended ??= closeInTime(server, timeoutMs, options.signal));
  };
}

async function closeInTime(
  server: ListeningServer,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = new Deadline(timeoutMs, signal);
  try {
    if (!await deadline.waitFor(server.close())) await server.abort();
  } finally {
    deadline.clear();
  }
}
