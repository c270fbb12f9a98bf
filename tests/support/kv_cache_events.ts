import type { KvCacheEvents } from "@busbar/busbar/kv-cache";

const KEYS = [
  { chunkHash: "a1", modelName: "llama", cacheSalt: "alice" },
  { chunkHash: "b2", modelName: "llama", cacheSalt: "alice" },
  { chunkHash: "c3", modelName: "llama", cacheSalt: "bob" },
];
const META = KEYS.map(() => ({ sizeBytes: 1e6, backend: "dram" }));
const PER_SALT = { alice: 2, bob: 1 };
const TRANSFER = { device: "cuda:0", engineId: 7, modelName: "llama", transferKey: "r1#1" };
const TASK = { adapterIndex: 0, taskId: 1, l2Name: "disk" };
const REQUEST = { requestId: "r1" };
const SAMPLE = {
  direction: "d2h",
  deviceIndex: 0,
  elapsedMs: 2,
  nbytes: 4e6,
  transferKey: "r1#1",
  startTimeS: 1,
  endTimeS: 1.002,
};

/** Metadata of every event, as a server would publish it. */
export const EXAMPLES: { readonly [Type in keyof KvCacheEvents]-?: KvCacheEvents[Type] } = {
  "l1.read.reserved": { keys: KEYS },
  "l1.read.finished": { keys: KEYS },
  "l1.read.failed": { keys: KEYS, during: "l1_retrieve", reason: "not_found" },
  "l1.write.reserved": { keys: KEYS },
  "l1.write.finished": { keys: KEYS, meta: META },
  "l1.write_finished_and_read_reserved": { keys: KEYS, meta: META },
  "l1.allocation.failed": { keys: KEYS, during: "l1_store" },
  "l1.keys.evicted": { keys: KEYS, meta: META },
  "l1.keys.accessed": { keys: KEYS },
  "l1.eviction.loop_tick": { usage: 0.9, watermark: 0.8, triggered: true },
  "sm.read.prefetched_finished": { succeededKeys: KEYS, failedKeys: [] },
  "sm.write.reserved": { succeededKeys: KEYS, failedKeys: [] },
  "sm.write.finished": { succeededKeys: KEYS, failedKeys: [] },
  "sm.capacity.changed": {
    snapshot: { modules: [{ tier: "l1", backend: "dram", capacityBytes: 1e9, shared: false }] },
  },
  "l2.store.schedule.start": {
    writers: ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  },
  "l2.store.schedule.end": {},
  "l2.store.submitted": { ...TASK, keyCount: 3, totalBytes: 3e6, keyCountPerSalt: PER_SALT },
  "l2.store.completed": {
    ...TASK,
    succeededCount: 3,
    failedCount: 0,
    bytesTransferred: 3e6,
    keyCountPerSalt: PER_SALT,
  },
  "l2.prefetch.lookup.submitted": {
    ...REQUEST,
    keyCount: 3,
    adapterCount: 2,
    keyCountPerSalt: PER_SALT,
  },
  "l2.prefetch.load.submitted": {
    ...REQUEST,
    keyCount: 3,
    adapterCount: 2,
    keyCountPerSalt: PER_SALT,
  },
  "l2.prefetch.load.completed": {
    ...REQUEST,
    loadedCount: 3,
    failedCount: 0,
    keyCountPerSalt: PER_SALT,
  },
  "l2.prefetch.deadline": {
    ...REQUEST,
    phase: "load",
    budgetSeconds: 1,
    elapsedSeconds: 1.2,
    retainedChunks: 2,
    missedChunks: 1,
  },
  "l2.prefetch.failed": { keys: KEYS, reason: "l1_oom" },
  "l2.load_task.submitted": { ...TASK, ...REQUEST, keyCount: 3, totalBytes: 3e6 },
  "l2.load_task.completed": { ...TASK, ...REQUEST },
  "l2.keys.evicted": { keyCount: 3, keyCountPerSalt: PER_SALT },
  "l2.keys.stored": { keys: KEYS, backend: "disk", shared: false, sizes: [1, 2, 3] },
  "l2.keys.accessed": { keys: KEYS, backend: "disk" },
  "l2.keys.deleted": { keys: KEYS, backend: "disk" },
  "mp.request.start": undefined,
  "mp.request.end": undefined,
  "mp.lookup_prefetch.start": undefined,
  "mp.lookup_prefetch.end": {
    foundCount: 3,
    requestedTokens: 1_024,
    hitTokens: 768,
    l1HitTokens: 256,
    l2HitTokens: 512,
    l1HitKeys: 2,
    l2HitKeys: 1,
    earlyExitReason: "",
    modelName: "llama",
    cacheSalt: "alice",
  },
  "mp.store.submitted": { device: "cuda:0" },
  "mp.store.start": TRANSFER,
  "mp.store.end": { ...TRANSFER, storedCount: 3, totalBytes: 3e6, numTokens: 768 },
  "mp.retrieve.submitted": { device: "cuda:0" },
  "mp.retrieve.start": TRANSFER,
  "mp.retrieve.end": {
    ...TRANSFER,
    cacheSalt: "alice",
    retrievedCount: 3,
    totalBytes: 3e6,
    numTokens: 768,
  },
  "mp.transfer.phase_samples": {
    samples: [{ ...SAMPLE, phase: "kernel" }, { ...SAMPLE, phase: "staging" }],
    endedTransferKey: "r1#1",
  },
  "mp.lookup": {
    ...REQUEST,
    chunkHashes: ["a1", "b2"],
    modelName: "llama",
    chunkSize: 256,
    seqLen: 600,
    dtypes: ["bfloat16"],
    shapes: [[2, 32, 256, 1_024]],
  },
  "mp.tokens": { chunkHashes: ["a1"], tokenChunks: [[1, 2, 3]], tokenOffsets: [0] },
  "mp.vllm.block_allocation": {
    instanceId: "vllm-0",
    modelName: "llama",
    records: [{ reqId: "r1", newBlockIds: [1, 2], newTokenIds: [1, 2, 3, 4] }],
  },
  "mp.vllm.end_session": REQUEST,
  "timeout.raised": { message: "too late", exceptionType: "LockTimeout", stacktrace: "at x" },
  "cb.request.start": undefined,
  "cb.request.end": undefined,
  "cb.lookup.start": { numTokens: 1_000 },
  "cb.lookup.end": {
    numTokens: 1_000,
    requestedTokens: 768,
    hitTokens: 600,
    prefixHitTokens: 300,
    segmentedPrefixHitTokens: 200,
    nonPrefixHitTokens: 100,
    prefixHits: 1,
    prefixChunks: 2,
    fingerprintHits: 4,
    storageHits: 5,
    staleChunks: 6,
    noGpuContext: false,
  },
  "cb.fingerprint_match.start": undefined,
  "cb.fingerprint_match.end": { matches: 3 },
  "cb.prefix_lookup.start": undefined,
  "cb.prefix_lookup.end": { prefixChunks: 2 },
  "cb.coordinator_match.start": undefined,
  "cb.coordinator_match.end": { matches: 5, timedOut: false },
  "cb.sparse_prefetch.start": { nChunks: 4, worldSize: 2, nKeys: 8, l2Keys: 3 },
  "cb.sparse_prefetch.end": { foundKeys: 7, l2Keys: 3 },
  "cb.retrieve.submitted": { instanceId: "vllm-0", workerId: 0 },
  "cb.retrieve.start": { numChunks: 9, modelName: "llama", workerId: 0 },
  "cb.retrieve.end": { success: true, workerId: 0 },
  "cb.scatter.start": { scatteredTokens: 600, nPrefix: 1, nShifted: 2, dropped: 3, workerId: 0 },
  "cb.scatter.end": { success: true, workerId: 0 },
  "cb.retrieve.noop": { reason: "no_object_keys", droppedMatches: 2 },
  "cb.fingerprints.registered": { numChunks: 10, numTokens: 2_560 },
  "cb.chunks.evicted": { numChunks: 11 },
};

type Example<Type extends keyof KvCacheEvents> = NonNullable<KvCacheEvents[Type]>;

/** The metadata of an event, with some fields of one's own. */
export function example<Type extends keyof KvCacheEvents>(
  type: Type,
  fields: Partial<Example<Type>> = {},
): Example<Type> {
  return { ...EXAMPLES[type] as Example<Type>, ...fields };
}
