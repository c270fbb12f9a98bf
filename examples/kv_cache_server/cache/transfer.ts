import { operation } from "@busbar/busbar/context";
import type { PhaseSample } from "@busbar/busbar/kv-cache";
import type { Tiers } from "./tiers.ts";
import { sizeOf } from "./chunk.ts";
import { type Client, transferOf } from "./client.ts";

type Phase = "kernel" | "staging";

/**
 * Moves chunks between a device and L1 in two steps, and times each: the kernel gathers or scatters
 * them on the device, the staging copies them from or to it.
 */
export class Transfer {
  readonly #samples: PhaseSample[] = [];
  readonly #direction: "d2h" | "h2d";
  readonly #deviceIndex: number;
  readonly #key: string;

  constructor(direction: "d2h" | "h2d", { device }: Client, key: string) {
    this.#direction = direction;
    this.#deviceIndex = Number(/\d+$/.exec(device)?.[0] ?? 0);
    this.#key = key;
  }

  /** Does a step for so many chunks. */
  run<Result>(phase: Phase, chunks: number, work: () => Result): Result {
    const startTimeS = Date.now() / 1_000;
    const startedAt = performance.now();
    const result = work();
    const elapsedMs = performance.now() - startedAt;
    this.#samples.push({
      phase,
      direction: this.#direction,
      deviceIndex: this.#deviceIndex,
      elapsedMs,
      nbytes: sizeOf(chunks).totalBytes,
      transferKey: this.#key,
      startTimeS,
      endTimeS: startTimeS + elapsedMs / 1_000,
    });
    return result;
  }

  /** The steps that were done. */
  get samples(): readonly PhaseSample[] {
    return this.#samples;
  }
}

/** What the work of a transfer returns: how many chunks it has moved. */
interface Moved {
  readonly moved: number;
}

/** Stores from a device; whoever waits for the end gets one, whatever happens. */
export function storing<Result extends Moved>(
  { bus }: Tiers,
  client: Client,
  work: (transfer: Transfer) => Result,
): Result {
  const common = transferOf(client);
  const endOf = (storedCount: number) => ({ ...common, storedCount, ...sizeOf(storedCount) });
  let transfer: Transfer | undefined;
  const result = operation(bus, ["mp.store.start", "mp.store.end"], common, (op) => {
    transfer = new Transfer("d2h", client, op.operationId);
    const result = work(transfer);
    return op.end(endOf(result.moved), result);
  }, { failed: endOf(0) });
  publishSamples(bus, transfer);
  return result;
}

/** Retrieves to a device, likewise. */
export function retrieving<Result extends Moved>(
  { bus }: Tiers,
  client: Client,
  work: (transfer: Transfer) => Result,
): Result {
  const common = transferOf(client);
  const endOf = (retrievedCount: number) => ({
    ...common,
    retrievedCount,
    cacheSalt: client.cacheSalt,
    ...sizeOf(retrievedCount),
  });
  let transfer: Transfer | undefined;
  const result = operation(bus, ["mp.retrieve.start", "mp.retrieve.end"], common, (op) => {
    transfer = new Transfer("h2d", client, op.operationId);
    const result = work(transfer);
    return op.end(endOf(result.moved), result);
  }, { failed: endOf(0) });
  publishSamples(bus, transfer);
  return result;
}

function publishSamples(bus: Tiers["bus"], transfer: Transfer | undefined): void {
  const { samples = [] } = transfer ?? {};
  const endedTransferKey = samples[0]?.transferKey;
  if (endedTransferKey === undefined) return;
  bus.publish("mp.transfer.phase_samples", { samples, endedTransferKey });
}
