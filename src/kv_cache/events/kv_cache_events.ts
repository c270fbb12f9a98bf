import type { BlendEvents } from "./blend.ts";
import type { ServerEvents } from "./server.ts";
import type { StorageEvents } from "./storage.ts";

/**
 * The events of a key-value cache server for language models: L1 is memory, L2 the slower stores
 * behind it, SM the storage manager above both, MP the server that answers requests, CB CacheBlend,
 * which also uses what is no prefix.
 *
 * A start and its end share their `sessionId` and, where a session has several operations of a
 * kind, their `operationId`. L2's pairs are distinguished by `requestId`, `adapterIndex` and
 * `taskId`, CacheBlend's by `workerId`.
 */
export interface KvCacheEvents extends StorageEvents, ServerEvents, BlendEvents {}
