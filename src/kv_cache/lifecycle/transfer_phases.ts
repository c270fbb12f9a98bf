import type { EventOf } from "../../events/event_map.ts";
import { boundedId } from "../../subscribers/pairs/bounded_id.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";
import type { PhaseSample } from "../events/server.ts";
import { LruMap } from "./lru_map.ts";

type SamplesEvent = EventOf<KvCacheEvents, "mp.transfer.phase_samples">;

/** What a transfer consists of. */
type Phase = "kernel" | "staging";
const PHASES = ["kernel", "staging"] as const;

/** Which span a direction belongs to. */
const PARENTS: ReadonlyMap<unknown, string> = new Map([
  ["d2h", "mp.store"],
  ["h2d", "mp.retrieve"],
]);

/** The sums of one phase of one transfer. */
interface Sums {
  readonly deviceIndex: number;
  elapsedMs: number;
  nbytes: number;
  steps: number;
  firstStartS: number;
  lastEndS: number;
}

type Transfer = Map<string, { [Name in Phase]?: Sums }>;

/** One of the spans that are made of a transfer's samples. */
interface PhaseSpan {
  readonly operationId: string;
  readonly parent: string;
  readonly startTimeMs: number;
  readonly endTimeMs: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/**
 * Adds up the samples of transfers until they have ended: a span for each phase, one behind the other,
 * each as long as its steps took. It shows where the time went, and is no timeline.
 */
export class TransferPhases {
  readonly #transfers: LruMap<Transfer>;
  /** Those that have ended, of which no sample has come: a device may tell later. */
  readonly #awaited: LruMap<true>;
  /** The event that was read last, which is asked for each phase. */
  #event: SamplesEvent | undefined;
  #ended: { readonly [Name in Phase]: PhaseSpan[] } = { kernel: [], staging: [] };

  /** @param maxTracked of how many transfers at once; the one of which nothing came for longest goes */
  constructor(maxTracked: number) {
    this.#transfers = new LruMap(maxTracked);
    this.#awaited = new LruMap(maxTracked);
  }

  /** The spans of a phase that are complete with an event. */
  partsOf(phase: Phase, event: SamplesEvent): readonly PhaseSpan[] {
    if (event !== this.#event) {
      this.#event = event;
      this.#ended = { kernel: [], staging: [] };
      const { samples, endedTransferKey } = event.metadata;
      for (const sample of samples) this.#add(sample);
      this.#end(endedTransferKey);
      for (const sample of samples) {
        const transferKey = sample?.transferKey;
        if (this.#awaited.get(boundedId(transferKey))) this.#end(transferKey);
      }
    }
    return this.#ended[phase];
  }

  /** The spans of a phase of those transfers of which it was never said that they have ended. */
  partsLeft(phase: Phase): readonly PhaseSpan[] {
    // What the last event has shown is made.
    if (this.#event !== undefined) this.#ended = { kernel: [], staging: [] };
    this.#event = undefined;
    for (let { oldest } = this.#transfers; oldest !== undefined; oldest = this.#transfers.oldest) {
      this.#end(oldest.key);
    }
    const left = this.#ended[phase];
    this.#ended = { ...this.#ended, [phase]: [] };
    return left;
  }

  #add(sample: Partial<PhaseSample> | null | undefined): void {
    const { direction, transferKey, deviceIndex, elapsedMs, nbytes, startTimeS, endTimeS } =
      sample ?? {};
    const phase = PHASES.find((name) => name === sample?.phase);
    const parent = PARENTS.get(direction);
    if (phase === undefined || parent === undefined || typeof transferKey !== "string") return;
    const isTimed = isPositive(startTimeS) && isPositive(endTimeS) && endTimeS >= startTimeS;
    if (!isTimed || !isPositive(elapsedMs) || !isPositive(nbytes)) return;
    if (typeof deviceIndex !== "number") return;
    const id = boundedId(transferKey);
    const transfer: Transfer = this.#transfers.get(id) ?? new Map();
    this.#transfers.set(id, transfer);
    const phases = transfer.get(parent) ?? {};
    transfer.set(parent, phases);
    const sums = phases[phase] ??= {
      deviceIndex,
      elapsedMs: 0,
      nbytes: 0,
      steps: 0,
      firstStartS: Infinity,
      lastEndS: 0,
    };
    sums.elapsedMs += elapsedMs;
    sums.nbytes += nbytes;
    sums.steps++;
    sums.firstStartS = Math.min(sums.firstStartS, startTimeS);
    sums.lastEndS = Math.max(sums.lastEndS, endTimeS);
  }

  #end(transferKey: string): void {
    const operationId = boundedId(transferKey);
    const transfer = this.#transfers.get(operationId);
    if (transfer === undefined) {
      if (typeof operationId === "string" && operationId !== "") {
        this.#awaited.set(operationId, true);
      }
      return;
    }
    this.#awaited.delete(operationId);
    this.#transfers.delete(operationId);
    for (const [parent, phases] of transfer) {
      let endTimeMs = 0;
      const inOrder = PHASES.flatMap((phase) => {
        const sums = phases[phase];
        return sums === undefined ? [] : [{ phase, sums }];
      }).sort((one, other) => one.sums.firstStartS - other.sums.firstStartS);
      for (const { phase, sums } of inOrder) {
        // The second one begins where the first one ends.
        const startTimeMs = endTimeMs || sums.firstStartS * 1_000;
        endTimeMs = startTimeMs + sums.elapsedMs;
        const attributes = attributesOf(phase, sums);
        this.#ended[phase].push({ operationId, parent, startTimeMs, endTimeMs, attributes });
      }
    }
  }
}

function attributesOf(phase: Phase, sums: Sums): Record<string, number> {
  const { deviceIndex, elapsedMs, nbytes, steps, firstStartS, lastEndS } = sums;
  return {
    device_index: deviceIndex,
    num_steps: steps,
    nbytes,
    elapsed_seconds: elapsedMs / 1_000,
    first_start_s: firstStartS,
    last_end_s: lastEndS,
    // Kernels move nothing over the bus.
    ...(phase === "staging" ? { throughput_GB_per_second: nbytes / elapsedMs / 1e6 } : {}),
  };
}

/** Publishers that the compiler does not see may say anything. */
function isPositive(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) > 0;
}
