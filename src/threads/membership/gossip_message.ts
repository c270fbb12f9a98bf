import { cut } from "../../internal/reporting.ts";
import { MAX_MEMBERS } from "./roster.ts";

/** Which messages these are; others on the channel are none of ours. */
const PROTOCOL = "busbar-threads/1";

/** A buffer that is handed on. */
export interface Announced {
  readonly buffer: unknown;
  readonly name: string;
}

/** What one thread tells the others. */
export interface GossipMessage {
  /** The incarnations of all buffers that it knows. */
  readonly have?: readonly string[] | undefined;
  /** Those that it wants to know no more. */
  readonly forgotten?: readonly string[] | undefined;
  readonly buffers?: readonly Announced[] | undefined;
}

/** The message as it is posted. */
export function toPosted(message: GossipMessage): object {
  return { protocol: PROTOCOL, ...message };
}

/**
 * What was received, if it is one of ours; whatever else comes over the channel is nothing. What it
 * says is not trusted either: whether a buffer is one is for whoever opens it.
 */
export function fromReceived(received: unknown): GossipMessage | undefined {
  if (typeof received !== "object" || received === null) return undefined;
  const { protocol, have, forgotten, buffers } = received as Record<string, unknown>;
  if (protocol !== PROTOCOL) return undefined;
  return {
    have: texts(have),
    forgotten: texts(forgotten),
    buffers: listOf(buffers)?.flatMap((announced) => {
      if (typeof announced !== "object" || announced === null) return [];
      const { buffer, name } = announced as Record<string, unknown>;
      return [{ buffer, name: typeof name === "string" ? cut(name) : "" }];
    }),
  };
}

function texts(list: unknown): string[] | undefined {
  return listOf(list)?.filter((one) => typeof one === "string");
}

function listOf(list: unknown): unknown[] | undefined {
  return Array.isArray(list) ? list.slice(0, MAX_MEMBERS) : undefined;
}
