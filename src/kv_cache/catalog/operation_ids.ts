import { defaultOperationId, type OperationId } from "../../catalog/declaration.ts";
import type { EventOf } from "../../events/event_map.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";

type TransferEvent = EventOf<
  KvCacheEvents,
  "mp.store.start" | "mp.store.end" | "mp.retrieve.start" | "mp.retrieve.end"
>;
type TaskEvent = EventOf<
  KvCacheEvents,
  | "l2.store.submitted"
  | "l2.store.completed"
  | "l2.load_task.submitted"
  | "l2.load_task.completed"
>;

/**
 * LMCache's transfer key, which no other transfer of the process has, in whatever operation its events
 * are published; without one, the operation's id; without that, the device. That a transfer was
 * submitted is announced before it has a key: it is then that of any.
 */
export function transferId(event: TransferEvent): OperationId {
  const { transferKey, device } = event.metadata;
  if (transferKey) return transferKey;
  return isAnnounced(event) ? undefined : defaultOperationId(event) ?? device;
}

/** The same where sessions do not tell apart what has a transfer key. */
export function transferIdOfAny(event: TransferEvent): OperationId {
  return event.metadata.transferKey || inSession(event, transferId(event));
}

/**
 * The task's id, which is its adapter's own, whatever operation its events were published in; with that
 * of the metadata, if it has one.
 */
export function l2StoreId(
  event: EventOf<KvCacheEvents, "l2.store.submitted" | "l2.store.completed">,
): OperationId {
  const { adapterIndex, taskId } = event.metadata;
  return taskIdOf(event, `${adapterIndex}/${taskId}`);
}

/** The same; one prefetch may have a load task with each adapter. */
export function l2LoadId(
  event: EventOf<KvCacheEvents, "l2.load_task.submitted" | "l2.load_task.completed">,
): OperationId {
  const { adapterIndex, taskId, requestId } = event.metadata;
  return taskIdOf(event, `${adapterIndex}/${taskId}/${requestId}`);
}

/** The worker: each rank retrieves on its own; without one, the operation's id. */
export function workerId(
  event: EventOf<
    KvCacheEvents,
    "cb.retrieve.start" | "cb.retrieve.end" | "cb.scatter.start" | "cb.scatter.end"
  >,
): OperationId {
  const { workerId } = event.metadata;
  return workerId ?? (isAnnounced(event) ? undefined : defaultOperationId(event));
}

/** A publisher that the compiler does not see may leave the task's id out. */
function taskIdOf(event: TaskEvent, id: string): OperationId {
  const { taskId, operationId } = event.metadata;
  if (taskId === undefined || taskId === null) return inSession(event, defaultOperationId(event));
  return operationId === undefined ? id : `${id}#${operationId}`;
}

/** An id that only its session has. */
function inSession(event: TransferEvent | TaskEvent, id: OperationId): OperationId {
  return id === undefined ? undefined : JSON.stringify([event.sessionId, String(id)]);
}

/** Events that announce an operation are asked for its id as its start and end are. */
function isAnnounced(event: { readonly type: string }): boolean {
  return event.type.endsWith(".submitted");
}
