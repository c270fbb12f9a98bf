import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { EventOf, Subscriptions } from "../../events/event_map.ts";
import type { FileSinkOptions } from "../../subscribers/logging/files/file_options.ts";
import { rotatingLines } from "../../subscribers/logging/files/file_options.ts";
import type { RotatingLines } from "../../subscribers/logging/files/rotating_lines.ts";
import { escapeControls } from "../../subscribers/logging/json_line.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";

/**
 * Writes a line of JSON for each lookup, with the hashes of its chunks, to files that rotate: what a
 * simulation of a cache reads. Fields and names of files are LMCache's.
 */
export class LookupHashLog extends EventSubscriber<KvCacheEvents> {
  override readonly name: string = "LookupHashLog";
  readonly #lines: RotatingLines;

  /** @throws as `fileSink` does */
  constructor(options: FileSinkOptions) {
    super();
    this.#lines = rotatingLines("keep the hashes of lookups", this.name, {
      ...options,
      prefix: "lookup_hashes",
    });
  }

  override getSubscriptions(): Subscriptions<KvCacheEvents> {
    return {
      "mp.lookup": (event) => {
        // The bus counts it.
        if (!this.#lines.add(lineOf(event))) throw new Error("the disk takes fewer lines");
      },
    };
  }

  override flush(): Promise<void> {
    return this.#lines.flush();
  }

  override flushSync(): void {
    this.#lines.flushSync();
    this.#assertWritten();
  }

  override async shutdown(): Promise<void> {
    await this.#lines.flush();
    this.#assertWritten();
  }

  /** At an end, the bus counts and tells what the disk has not taken: until the process ends it is tried. */
  #assertWritten(): void {
    const { pending } = this.#lines;
    if (pending === 0) return;
    throw new Error(
      `the disk has not taken lookups, which wait to the end of the process: ${pending}`,
    );
  }
}

function lineOf({ timestamp, metadata }: EventOf<KvCacheEvents, "mp.lookup">): string {
  const { requestId, modelName, chunkSize, seqLen, dtypes, shapes, chunkHashes } = metadata;
  return escapeControls(JSON.stringify({
    timestamp: timestamp / 1_000,
    request_id: requestId,
    model_name: modelName,
    chunk_size: chunkSize,
    seq_len: seqLen,
    dtypes,
    shapes,
    chunk_hashes: chunkHashes.map(hexOf),
  }));
}

/** A number, or a text of digits and letters to `f`, as `0x…`; any other text as it is. */
function hexOf(hash: number | string): string {
  if (typeof hash === "number") return `0x${hash.toString(16)}`;
  return /^[0-9a-f]+$/i.test(hash) ? `0x${hash}` : hash;
}
