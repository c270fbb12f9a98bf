import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { ChunkId } from "./chunk.ts";

/** Writes are made durable so many at a time. A cache that crashes is only a cold cache. */
const WRITES_PER_TRANSACTION = 1_000;

/** Chunks in a SQLite file. */
export class ChunkFile {
  readonly #database: DatabaseSync;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  #writes = 0;

  /** @param path the file; chunks that it holds from before are discarded */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = OFF;
      DROP TABLE IF EXISTS chunks;
      CREATE TABLE chunks (id ANY PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
      BEGIN;
    `);
    this.#select = this.#database.prepare("SELECT bytes FROM chunks WHERE id = ?");
    this.#upsert = this.#database.prepare("INSERT OR REPLACE INTO chunks VALUES (?, ?)");
    this.#delete = this.#database.prepare("DELETE FROM chunks WHERE id = ?");
  }

  read(id: ChunkId): Uint8Array | undefined {
    return this.#select.get(id)?.["bytes"] as Uint8Array | undefined;
  }

  write(id: ChunkId, bytes: Uint8Array): void {
    this.#upsert.run(id, bytes);
    if (++this.#writes % WRITES_PER_TRANSACTION === 0) this.#database.exec("COMMIT; BEGIN");
  }

  /** @returns whether it was there */
  delete(id: ChunkId): boolean {
    return Number(this.#delete.run(id).changes) > 0;
  }

  close(): void {
    this.#database.exec("COMMIT");
    this.#database.close();
  }
}
