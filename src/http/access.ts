import { invalidArgument } from "../internal/arguments.ts";
import type { HandlerOptions } from "./handler_options.ts";
import type { RequestAddress } from "./request_address.ts";

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ACTION = "create a handler";
const ANY_HOST = "*";

/** Decides who is answered. */
export class Access {
  readonly #allowedHosts: ReadonlySet<string> | undefined;
  readonly #token: Uint8Array | undefined;

  /** @throws {TypeError} if an option is of the wrong type, or the token is empty */
  constructor({ allowedHosts, token }: Pick<HandlerOptions, "allowedHosts" | "token">) {
    if (allowedHosts !== undefined) {
      if (!Array.isArray(allowedHosts) || !allowedHosts.every((name) => typeof name === "string")) {
        invalidArgument(TypeError, ACTION, "allowedHosts", "a list of host names", allowedHosts);
      }
      if (!allowedHosts.includes(ANY_HOST)) {
        this.#allowedHosts = new Set(allowedHosts.map((name) => name.toLowerCase()));
      }
    }
    if (token === undefined) return;
    if (typeof token !== "string" || token === "") {
      throw new TypeError(
        `Cannot ${ACTION}: token must be a text that is not empty (it is not shown)`,
      );
    }
    this.#token = new TextEncoder().encode(token);
  }

  /** Why a request is refused; `undefined` if it is not. */
  refusalOf({ headers }: Request, { hostnames }: RequestAddress): Refusal | undefined {
    const forbidden = hostnames.find((hostname) => !this.#isAllowedHost(hostname));
    if (forbidden !== undefined) {
      return {
        status: 403,
        text: `Forbidden: ${forbidden} is not among the allowed host names\n`,
      };
    }
    if (this.#token === undefined || isToken(headers.get("authorization"), this.#token)) {
      return undefined;
    }
    return {
      status: 401,
      text: "Unauthorized: a bearer token is needed\n",
      headers: { "www-authenticate": "Bearer" },
    };
  }

  #isAllowedHost(hostname: string): boolean {
    return this.#allowedHosts === undefined || isLoopback(hostname) ||
      this.#allowedHosts.has(hostname.toLowerCase());
  }
}

/**
 * Refuses to show everything to everybody.
 *
 * @throws {TypeError} if others than this machine could read without a token, and nobody said so
 */
export function assertProtected(
  hostname: string,
  { token, insecure }: { readonly token: string | undefined; readonly insecure: boolean },
): void {
  if (typeof insecure !== "boolean") {
    invalidArgument(TypeError, "serve metrics", "insecure", "true or false", insecure);
  }
  if (isLoopback(hostname) || token !== undefined || insecure) return;
  invalidArgument(
    TypeError,
    "serve metrics",
    "hostname",
    "a loopback address, unless there is a token or insecure: true, since others reach it",
    hostname,
  );
}

/** Whether a host name, as URLs write it, is one of the loopback interface. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") ||
    name === "[::1]" || name === "::1" || /^127\.\d+\.\d+\.\d+$/.test(name);
}

/** Takes as long whichever characters differ, so that its duration says nothing of the token. */
function isToken(authorization: string | null, token: Uint8Array): boolean {
  const given = /^bearer +(.*)$/i.exec(authorization ?? "")?.[1];
  if (given === undefined) return false;
  const bytes = new TextEncoder().encode(given);
  let differences = bytes.length ^ token.length;
  for (let i = 0; i < bytes.length; i++) {
    differences |= (bytes[i] as number) ^ (token[i % token.length] as number);
  }
  return differences === 0;
}
