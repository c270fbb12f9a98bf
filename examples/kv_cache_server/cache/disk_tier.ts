import { DatabaseSync, type StatementSync } from "node:sqlite";
import { LruOrder } from "./lru_order.ts";
import type { BlockId, PutResult, Tier } from "./tier.ts";

/** Writes are made durable so many at a time. A cache that crashes is only a cold cache. */
const WRITES_PER_TRANSACTION = 1_000;

/** A tier on disk: the blocks in a SQLite file, their order of use in memory. */
export class DiskTier implements Tier {
  readonly #database: DatabaseSync;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #order: LruOrder;
  #writes = 0;

  /** @param path the SQLite file; blocks that it holds from before are discarded */
  constructor(path: string, capacity: number) {
    this.#order = new LruOrder(capacity);
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      DROP TABLE IF EXISTS blocks;
      CREATE TABLE blocks (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
      BEGIN;
    `);
    this.#select = this.#database.prepare("SELECT bytes FROM blocks WHERE id = ?");
    this.#upsert = this.#database.prepare("INSERT OR REPLACE INTO blocks VALUES (?, ?)");
    this.#delete = this.#database.prepare("DELETE FROM blocks WHERE id = ?");
  }

  get size(): number {
    return this.#order.size;
  }

  get(id: BlockId): Uint8Array | undefined {
    if (!this.#order.touch(id)) return undefined;
    return this.#select.get(id)?.["bytes"] as Uint8Array | undefined;
  }

  put(id: BlockId, bytes: Uint8Array): PutResult {
    if (this.#order.touch(id)) return { inserted: false, evicted: undefined };
    this.#upsert.run(id, bytes);
    const evicted = this.#order.add(id);
    if (evicted !== undefined) this.#delete.run(evicted);
    if (++this.#writes % WRITES_PER_TRANSACTION === 0) this.#database.exec("COMMIT; BEGIN");
    return { inserted: true, evicted };
  }

  close(): void {
    this.#database.exec("COMMIT");
    this.#database.close();
  }
}
