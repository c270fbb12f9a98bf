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

/**
 * Stores from a device; whoever waits for the end gets one, whatever happens.
 *
 * @param work returns what it has moved
 */
export async function storing<Moved>(
  { bus }: Tiers,
  client: Client,
  work: (transfer: Transfer) => Promise<readonly Moved[]>,
): Promise<readonly Moved[]> {
  const common = transferOf(client);
  const endOf = (storedCount: number) => ({ ...common, storedCount, ...sizeOf(storedCount) });
  let transfer: Transfer | undefined;
  const pair = ["mp.store.start", "mp.store.end"] as const;
  const moved = await operation(bus, pair, common, async (op) => {
    transfer = new Transfer("d2h", client, op.operationId);
    const moved = await work(transfer);
    return op.end(endOf(moved.length), moved);
  }, { failed: endOf(0) });
  publishSamples(bus, transfer);
  return moved;
}

/** Retrieves to a device, likewise. */
export async function retrieving<Moved>(
  { bus }: Tiers,
  client: Client,
  work: (transfer: Transfer) => Promise<readonly Moved[]>,
): Promise<readonly Moved[]> {
  const common = transferOf(client);
  const endOf = (retrievedCount: number) => ({
    ...common,
    retrievedCount,
    cacheSalt: client.cacheSalt,
    ...sizeOf(retrievedCount),
  });
  let transfer: Transfer | undefined;
  const pair = ["mp.retrieve.start", "mp.retrieve.end"] as const;
  const moved = await operation(bus, pair, common, async (op) => {
    transfer = new Transfer("h2d", client, op.operationId);
    const moved = await work(transfer);
    return op.end(endOf(moved.length), moved);
  }, { failed: endOf(0) });
  publishSamples(bus, transfer);
  return moved;
}

function publishSamples(bus: Tiers["bus"], transfer: Transfer | undefined): void {
  const { samples = [] } = transfer ?? {};
  const endedTransferKey = samples[0]?.transferKey;
  if (endedTransferKey === undefined) return;
  bus.publish("mp.transfer.phase_samples", { samples, endedTransferKey });
}
