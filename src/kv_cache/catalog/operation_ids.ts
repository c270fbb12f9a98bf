import type { OperationId } from "../../catalog/declaration.ts";
import type { EventOf } from "../../events/event_map.ts";
import type { KvCacheEvents } from "../events.ts";

/** A task's id is its adapter's own. */
export function l2StoreId(
  { metadata: { operationId, adapterIndex, taskId } }: EventOf<
    KvCacheEvents,
    "l2.store.submitted" | "l2.store.completed"
  >,
): OperationId {
  return operationId ?? `${adapterIndex}/${taskId}`;
}

/** One prefetch may have a load task with each adapter. */
export function l2LoadId(
  { metadata: { operationId, adapterIndex, taskId, requestId } }: EventOf<
    KvCacheEvents,
    "l2.load_task.submitted" | "l2.load_task.completed"
  >,
): OperationId {
  return operationId ?? `${adapterIndex}/${taskId}/${requestId}`;
}
