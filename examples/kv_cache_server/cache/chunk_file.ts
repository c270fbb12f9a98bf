import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { ChunkId, FilledChunk } from "./chunk.ts";

/** A chunk to write or to delete. */
export type Change<Deleted> = { readonly write: FilledChunk } | { readonly delete: Deleted };

/** Chunks in a SQLite file. */
export class ChunkFile {
  readonly #database: DatabaseSync;
  readonly #select: StatementSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;

  /**
   * @param path the file; chunks that it holds from before are discarded
   * @throws {Error} if it cannot be written, is no database, or is another process's
   */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#database = new DatabaseSync(path);
    // A cache that crashes is only a cold cache.
    this.#database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
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

  /** Writes and deletes in the order given: all of it, or nothing. @returns what was deleted */
  apply<Deleted extends { readonly id: ChunkId }>(
    changes: readonly Change<Deleted>[],
  ): Deleted[] {
    const deleted: Deleted[] = [];
    this.#database.exec("BEGIN");
    try {
      for (const change of changes) {
        if ("write" in change) this.#upsert.run(change.write.id, change.write.bytes);
        else if (this.#delete.run(change.delete.id).changes > 0) deleted.push(change.delete);
      }
      this.#database.exec("COMMIT");
      return deleted;
    } catch (error) {
      // A disk that is full may have rolled back on its own.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Makes the disk full, read-only, or gone: what it says then is SQLite's own. */
  break(how: "full" | "readonly" | "gone"): void {
    if (!this.#database.isOpen) return;
    if (how === "full") this.#database.exec("PRAGMA max_page_count = 1");
    else if (how === "readonly") this.#database.exec("PRAGMA query_only = ON");
    else this.close();
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
