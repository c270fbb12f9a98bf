import type { EventBus } from "@busbar/busbar";
import type { ChunkKey } from "@busbar/busbar/kv-cache";
import type { ServerEvents } from "../events.ts";
import { Faults, InjectedError } from "../faults.ts";
import { clean } from "../terminal/text.ts";
import { type Chunk, CHUNK_BYTES, type ChunkId, type FilledChunk, isIntact } from "./chunk.ts";
import { type Change, ChunkFile } from "./chunk_file.ts";
import { keyCountPerSalt } from "./client.ts";
import { LruMap } from "./lru_map.ts";
import { TaskQueue } from "./task_queue.ts";

/** The tier's name in events. */
const L2_NAME = "disk";
/** How many tasks may wait for the disk before requests wait too. */
const MAX_WAITING_TASKS = 32;

/** What came of a chunk that was asked for: its content, or why there is none. */
export type Loaded = Uint8Array | "not_found" | "serde_failure";

/** What a {@linkcode DiskTier} needs. */
export interface DiskTierOptions {
  /** The SQLite file; chunks that it holds from before are discarded. Without one it takes none. */
  readonly path: string | undefined;
  /** How many chunks it holds. */
  readonly capacity: number;
  readonly bus: EventBus<ServerEvents>;
  readonly faults?: Faults;
  /** Called once when the disk fails on its own account, and when it returns what was not written. */
  readonly report?: (text: string) => void;
}

/**
 * L2: chunks on disk. What is there, and in which order of use, it knows at once; the disk itself
 * is read and written later, in the order of the requests.
 */
export class DiskTier implements AsyncDisposable {
  readonly #bus: EventBus<ServerEvents>;
  readonly #faults: Faults;
  readonly #path: string | undefined;
  readonly #file: ChunkFile | undefined;
  /** How many chunks it holds. */
  readonly capacity: number;
  readonly #chunks: LruMap<ChunkId, Chunk>;
  readonly #queue: TaskQueue;
  readonly #report: (text: string) => void;
  readonly #told = new Set<string>();
  readonly #running = { stores: 0, loads: 0, loadBytes: 0 };
  #lastTaskId = 0;

  constructor({ path, capacity, bus, faults = new Faults(), report = () => {} }: DiskTierOptions) {
    this.#path = path;
    this.#report = report;
    this.#bus = bus;
    this.#faults = faults;
    let file: ChunkFile | undefined;
    if (path !== undefined) this.#guard(() => file = new ChunkFile(path));
    this.#file = file;
    this.capacity = capacity;
    this.#chunks = new LruMap(capacity);
    this.#queue = new TaskQueue(MAX_WAITING_TASKS, () => faults.l2DelayMs);
  }

  /** The key of a chunk that is here, and the most recent one now. */
  touch(id: ChunkId): ChunkKey | undefined {
    return this.#chunks.touch(id)?.key;
  }

  /** What is read of it at a scrape. */
  get gauges() {
    return {
      l2Name: L2_NAME,
      adapterIndex: 0,
      usageBytes: () => this.#chunks.size * CHUNK_BYTES,
      inflightStores: () => this.#running.stores,
      inflightLoads: () => this.#running.loads,
      inflightLoadBytes: () => this.#running.loadBytes,
    };
  }

  /** Resolves when the disk can take another task. */
  room(): Promise<void> {
    return this.#queue.room();
  }

  /** Resolves when all that was asked for is on the disk. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /**
   * Makes the chunks the most recent ones, in their order; those that are new are written later.
   */
  store(chunks: readonly FilledChunk[]): void {
    const added: FilledChunk[] = [];
    // In order: a chunk may have to go for another of this call, and come again.
    const changes: Change<Chunk>[] = [];
    for (const chunk of chunks) {
      if (this.#chunks.touch(chunk.id) !== undefined) continue;
      added.push(chunk);
      changes.push({ write: chunk });
      // Kept without the content: that is on the disk.
      const gone = this.#chunks.add(chunk.id, { id: chunk.id, key: chunk.key });
      if (gone !== undefined) changes.push({ delete: gone });
    }
    if (added.length === 0) return;
    const entries = added.map(({ id }) => this.#chunks.peek(id));
    const task = this.#task();
    const addedPerSalt = keyCountPerSalt(added.map(({ key }) => key));
    this.#bus.publish("l2.store.submitted", {
      ...task,
      keyCount: added.length,
      totalBytes: added.length * CHUNK_BYTES,
      keyCountPerSalt: addedPerSalt,
    });
    this.#running.stores++;
    void this.#queue.run(() => {
      this.#running.stores--;
      let deleted: readonly Chunk[] = [];
      const stored = this.#attempt((file) => deleted = file.apply(changes));
      if (!stored) {
        for (const entry of entries) if (entry) this.#chunks.remove(entry.id, entry);
        // What had to go goes, if it has not come again.
        const evictions = changes.filter((change) =>
          "delete" in change && this.#chunks.peek(change.delete.id) === undefined
        );
        this.#guard(() => deleted = this.#file?.apply(evictions) ?? []);
      }
      const succeededCount = stored ? added.length : 0;
      this.#bus.publish("l2.store.completed", {
        ...task,
        succeededCount,
        failedCount: added.length - succeededCount,
        bytesTransferred: succeededCount * CHUNK_BYTES,
        keyCountPerSalt: stored ? addedPerSalt : undefined,
      });
      if (stored) {
        const sizes = added.map(() => CHUNK_BYTES);
        const keys = added.map(({ key }) => key);
        this.#bus.publish("l2.keys.stored", { keys, backend: L2_NAME, sizes });
      }
      this.#publishEvicted(deleted);
    });
  }

  /**
   * Reads chunks, after all that was stored before. What the disk does not have, or cannot be read, is
   * forgotten: so it is stored again.
   */
  load(ids: readonly ChunkId[], requestId: string): Promise<Loaded[]> {
    const task = { ...this.#task(), requestId };
    const asked = ids.map((id) => this.#chunks.peek(id));
    const totalBytes = ids.length * CHUNK_BYTES;
    this.#bus.publish("l2.load_task.submitted", { ...task, keyCount: ids.length, totalBytes });
    this.#running.loads++;
    this.#running.loadBytes += totalBytes;
    return this.#queue.run(() => {
      this.#running.loads--;
      this.#running.loadBytes -= totalBytes;
      let found: (Uint8Array | undefined)[] = ids.map(() => undefined);
      const isRead = this.#attempt((file) => found = ids.map((id) => file.read(id)));
      const bytesTransferred = found.filter((bytes) => bytes !== undefined).length * CHUNK_BYTES;
      this.#bus.publish("l2.load_task.completed", { ...task, bytesTransferred });
      const keys = asked.flatMap((chunk, i) => chunk && found[i] ? [chunk.key] : []);
      if (keys.length > 0) this.#bus.publish("l2.keys.accessed", { keys, backend: L2_NAME });
      const loaded = ids.map((id, i) => this.#unpack(id, found[i]));
      if (isRead) {
        this.#forget(
          asked.flatMap((chunk, i) => chunk && typeof loaded[i] === "string" ? [chunk] : []),
        );
      }
      return loaded;
    });
  }

  /** Closes the file when the disk has done all it was asked for. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.idle();
    this.#guard(() => this.#file?.close());
  }

  #unpack(id: ChunkId, bytes: Uint8Array | undefined): Loaded {
    if (bytes === undefined) return "not_found";
    if (this.#faults.isDue("l2-corrupt")) bytes.fill(0xff);
    if (isIntact(id, bytes)) return bytes;
    this.#tell(`has returned what was not written; it is removed and counted`);
    return "serde_failure";
  }

  /** Gives chunks up, unless they have been stored again in the meantime. */
  #forget(chunks: readonly Chunk[]): void {
    if (chunks.length === 0) return;
    for (const chunk of chunks) this.#chunks.remove(chunk.id, chunk);
    let deleted: readonly Chunk[] = [];
    this.#guard(() =>
      deleted = this.#file?.apply(chunks.map((chunk) => ({ delete: chunk }))) ?? []
    );
    this.#publishEvicted(deleted);
  }

  #publishEvicted(deleted: readonly Chunk[]): void {
    if (deleted.length === 0) return;
    const keys = deleted.map(({ key }) => key);
    const keyCount = keys.length;
    this.#bus.publish("l2.keys.evicted", { keyCount, keyCountPerSalt: keyCountPerSalt(keys) });
    this.#bus.publish("l2.keys.deleted", { keys, backend: L2_NAME });
    this.#bus.publish("kv_cache.chunks.evicted", { tier: "l2", count: keyCount });
  }

  #task() {
    return { adapterIndex: 0, taskId: ++this.#lastTaskId, l2Name: L2_NAME };
  }

  /** @returns whether the disk did the task */
  #attempt(work: (file: ChunkFile) => void): boolean {
    const file = this.#file;
    return file !== undefined && this.#guard(() => {
      this.#faults.failL2Task(file);
      work(file);
    });
  }

  /** @returns whether the disk did it; why it did not is told */
  #guard(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof InjectedError)) {
        const why = error instanceof Error ? error.message : error;
        this.#tell("fails, and the rest goes on", why);
      }
      return false;
    }
  }

  /** Once. */
  #tell(what: string, why?: unknown): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#report(
      clean(`The disk tier ${this.#path} ${what}${why === undefined ? "" : `: ${why}`}`),
    );
  }
}
