import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { ChunkId, FilledChunk } from "./chunk.ts";

/** Chunks in a SQLite file. */
export class ChunkFile {
  readonly #database: DatabaseSync;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  /** @param path the file; chunks that it holds from before are discarded */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    // A cache that crashes is only a cold cache.
    this.#database.exec(`
      PRAGMA journal_mode = MEMORY;
      PRAGMA synchronous = OFF;
      DROP TABLE IF EXISTS chunks;
      CREATE TABLE chunks (id ANY PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
    `);
    this.#select = this.#database.prepare("SELECT bytes FROM chunks WHERE id = ?");
    this.#upsert = this.#database.prepare("INSERT OR REPLACE INTO chunks VALUES (?, ?)");
    this.#delete = this.#database.prepare("DELETE FROM chunks WHERE id = ?");
  }

  read(id: ChunkId): Uint8Array | undefined {
    return this.#select.get(id)?.["bytes"] as Uint8Array | undefined;
  }

  /** Writes all of them, or none. */
  write(chunks: readonly FilledChunk[]): void {
    this.#transaction(() => {
      for (const { id, bytes } of chunks) this.#upsert.run(id, bytes);
    });
  }

  /** Deletes all of them, or none. @returns those that were there */
  delete<Chunk extends { readonly id: ChunkId }>(chunks: readonly Chunk[]): Chunk[] {
    return this.#transaction(() => chunks.filter(({ id }) => this.#delete.run(id).changes > 0));
  }

  /** Makes the disk full, read-only, or gone: what it says then is SQLite's own. */
  break(how: "full" | "readonly" | "gone"): void {
    if (how === "full") this.#database.exec("PRAGMA max_page_count = 1");
    else if (how === "readonly") this.#database.exec("PRAGMA query_only = ON");
    else this.close();
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #transaction<Result>(work: () => Result): Result {
    this.#database.exec("BEGIN");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      // A disk that is full may have rolled back on its own.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}
