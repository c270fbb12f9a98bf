import { defaultOperationId, type OperationId } from "../../catalog/declaration.ts";
import type { EventOf } from "../../events/event_map.ts";
import type { KvCacheEvents } from "../events/kv_cache_events.ts";

/**
 * The operation's id; without one, LMCache's transfer key; without that, the device. That a transfer was
 * submitted is announced before it has a key: it is then that of any.
 */
export function transferId(
  event: EventOf<
    KvCacheEvents,
    "mp.store.start" | "mp.store.end" | "mp.retrieve.start" | "mp.retrieve.end"
  >,
): OperationId {
  const { transferKey, device } = event.metadata;
  const type: string = event.type;
  const known = defaultOperationId(event) ?? (transferKey || undefined);
  return known ?? (type.endsWith(".submitted") ? undefined : device);
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

/** A publisher that the compiler does not see may leave the task's id out. */
function taskIdOf(
  event: EventOf<
    KvCacheEvents,
    | "l2.store.submitted"
    | "l2.store.completed"
    | "l2.load_task.submitted"
    | "l2.load_task.completed"
  >,
  id: string,
): OperationId {
  const { taskId, operationId } = event.metadata;
  if (taskId === undefined || taskId === null) return defaultOperationId(event);
  return operationId === undefined ? id : `${id}#${operationId}`;
}

/** The operation's id; without one, the worker: each rank retrieves on its own. */
export function workerId(
  event: EventOf<
    KvCacheEvents,
    "cb.retrieve.start" | "cb.retrieve.end" | "cb.scatter.start" | "cb.scatter.end"
  >,
): OperationId {
  return defaultOperationId(event) ?? event.metadata.workerId;
}
