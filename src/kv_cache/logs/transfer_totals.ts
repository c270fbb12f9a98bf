/** The sums of one kind of transfer. */
interface Sums {
  operations: number;
  tokens: number;
  bytes: number;
  /** Of those whose start is known. */
  timedBytes: number;
  timedMs: number;
}

/** What a device has stored and retrieved. */
export interface DeviceTotals {
  readonly stored: Sums;
  readonly retrieved: Sums;
}

/** One transfer that has ended. */
export interface EndedTransfer {
  readonly tokens: number;
  readonly bytes: number;
  /** How long it took, in milliseconds, if that is known. */
  readonly durationMs: number | undefined;
}

/** How many devices are told apart: their names come from outside. */
const MAX_DEVICES = 1_000;
const OTHERS = "other devices";

/** What devices have stored and retrieved, in one span of time. */
export class TransferTotals {
  readonly #devices = new Map<string, DeviceTotals>();

  /** The devices with activity. */
  get devices(): ReadonlyMap<string, DeviceTotals> {
    return this.#devices;
  }

  add(device: string, kind: keyof DeviceTotals, transfer: EndedTransfer): void {
    const known = this.#devices.has(device) || this.#devices.size < MAX_DEVICES;
    const name = known ? device : OTHERS;
    let totals = this.#devices.get(name);
    if (totals === undefined) {
      this.#devices.set(name, totals = { stored: noSums(), retrieved: noSums() });
    }
    const { tokens, bytes, durationMs } = transfer;
    const sums = totals[kind];
    sums.operations++;
    sums.tokens += tokens;
    sums.bytes += bytes;
    // A failed one has moved nothing, which says nothing of how fast it goes.
    if (durationMs === undefined || durationMs <= 0 || bytes <= 0) return;
    sums.timedBytes += bytes;
    sums.timedMs += durationMs;
  }

  clear(): void {
    this.#devices.clear();
  }
}

/** What totals say, in one line. */
export function totalsText({ stored, retrieved }: DeviceTotals): string {
  return `${sumsText("stored", stored)}; ${sumsText("retrieved", retrieved)}`;
}

function sumsText(what: string, { operations, tokens, bytes, timedBytes, timedMs }: Sums): string {
  const rate = timedMs > 0 ? `${(timedBytes / timedMs / 1e6).toFixed(3)} GB/s` : "n/a";
  return `${what} ${operations} times, ${tokens} tokens, ${(bytes / 1e9).toFixed(3)} GB at ${rate}`;
}

function noSums(): Sums {
  return { operations: 0, tokens: 0, bytes: 0, timedBytes: 0, timedMs: 0 };
}
