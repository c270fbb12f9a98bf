import { countClaimants } from "../internal/running.ts";

interface Cluster {
  readonly isWorker?: boolean;
}

interface Process {
  /** Whether the process has a channel to the one that started it; threads have a `send`, too. */
  readonly connected?: boolean;
  getBuiltinModule?(id: "node:cluster"): Cluster | undefined;
}

/** What can be done where one of several processes cannot serve the metrics of all of them. */
export const OTHER_WAYS =
  "push them (OTLP), or serve each worker's on a port of its own (serveMetrics " +
  "of @busbar/busbar/http with the handle's scrape)";

function processOf(): Process | undefined {
  return (globalThis as { process?: Process }).process;
}

/** Whether the process was started with a channel to the one that started it, as `fork` does. */
function isForked(): boolean {
  try {
    return processOf()?.connected === true;
  } catch {
    // A thread of Deno does not answer.
    return false;
  }
}

/**
 * Whether the process is a worker of `node:cluster`: what it listens on, the others listen on too, and
 * a connection is one or another worker's.
 */
export function isClusterWorker(): boolean {
  // A worker has a channel; nobody else has the module loaded for this question.
  if (!isForked()) return false;
  try {
    return processOf()?.getBuiltinModule?.("node:cluster")?.isWorker === true;
  } catch {
    return false;
  }
}

/**
 * Whether an address that is in use may well be that of the same program in another process: this one
 * is a child of it or of the same parent.
 *
 * @param address as it stands among the claims
 */
export function isSiblings(address: string): boolean {
  return isForked() && countClaimants(address) <= 1;
}
