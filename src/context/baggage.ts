import type { EventContext } from "../events/event.ts";
import { invalidArgument } from "../internal/arguments.ts";
import { currentScope } from "./async_storage.ts";
import { type Baggage, NO_BAGGAGE, toScope } from "./scope.ts";

/** The most that is read of a header, and written to one: what the W3C asks everyone to hand on. */
const MAX_LENGTH = 8_192;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What stands for itself in a value. */
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/**
 * Reads a W3C `baggage` header (w3.org/TR/baggage): those members alone that are named, since anybody
 * may send anything. A member that is malformed is left out, a header of more than 8,192 characters
 * is; of several members of one name the first counts. Properties are not kept.
 *
 * @example
 * ```ts
 * import { readBaggage } from "@busbar/busbar/context";
 *
 * const { tenant, plan } = readBaggage("tenant=caf%C3%A9;ttl=5, other=1", ["tenant", "plan"]);
 * if (tenant !== "café" || plan !== undefined) throw new Error(tenant);
 * ```
 *
 * @param header `null`, which a missing header is, is an empty one
 * @throws {TypeError} if `names` is no list of names that a header can hold
 */
export function readBaggage(
  header: string | null | undefined,
  names: readonly string[],
): Baggage {
  assertBaggageNames("read baggage", "names", names);
  if (typeof header !== "string" || header === "" || header.length > MAX_LENGTH) return NO_BAGGAGE;
  const baggage: Record<string, string> = Object.create(null);
  for (const member of header.split(",")) {
    const [pair = ""] = member.split(";", 1);
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    if (at === -1 || !names.includes(name) || name in baggage) continue;
    const value = decode(pair.slice(at + 1).trim());
    if (value !== undefined) baggage[name] = value;
  }
  return baggage;
}

/** A value as it was before it was written; `undefined` if it is malformed. */
function decode(value: string): string | undefined {
  if (!VALUE.test(value)) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/**
 * What travels with the current session by name; empty outside of all. Spread it into metadata to put
 * it on records: `bus.publish("order", { total, tenant: currentBaggage().tenant })`.
 *
 * @param context the session or operation to ask where no async context follows the code
 */
export function currentBaggage(context?: EventContext): Baggage {
  return (context === undefined ? currentScope() : toScope(context))?.baggage ?? NO_BAGGAGE;
}

/** Those members of baggage that are named, as a header; `undefined` if there are none. */
export function writeBaggage(baggage: Baggage, names: readonly string[]): string | undefined {
  const members: string[] = [];
  let length = -1;
  for (const name of names) {
    const value: unknown = baggage[name];
    if (typeof value !== "string") continue;
    const encoded = encode(value);
    const member = `${name}=${encoded}`;
    if (encoded === undefined || length + 1 + member.length > MAX_LENGTH) continue;
    members.push(member);
    length += 1 + member.length;
  }
  return members.length === 0 ? undefined : members.join(",");
}

/** A value as it is written; `undefined` if no header can hold it, as half of a surrogate pair. */
function encode(value: string): string | undefined {
  try {
    return encodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** Refuses what is no list of names that a header can hold. */
export function assertBaggageNames(
  action: string,
  argument: string,
  names: unknown,
): asserts names is string[] {
  if (
    !Array.isArray(names) || !names.every((name) => typeof name === "string" && NAME.test(name))
  ) {
    invalidArgument(TypeError, action, argument, "a list of names that a header can hold", names);
  }
}
