import type { BlendEvents } from "./blend.ts";
import type { L1Events } from "./l1.ts";
import type { L2Events } from "./l2.ts";
import type { ServerEvents } from "./server.ts";
import type { StorageManagerEvents } from "./storage_manager.ts";

/**
 * The events of a key-value cache server for language models: L1 is memory, L2 the slower stores
 * behind it, SM the storage manager above both, MP the server that answers requests, CB CacheBlend,
 * which also uses what is no prefix.
 *
 * A start and its end share their `sessionId` and, where a session has several operations of a
 * kind, their `operationId`. L2's pairs are distinguished by `requestId`, `adapterIndex` and
 * `taskId`, CacheBlend's by `workerId`.
 */
export interface KvCacheEvents
  extends L1Events, StorageManagerEvents, L2Events, ServerEvents, BlendEvents {}
