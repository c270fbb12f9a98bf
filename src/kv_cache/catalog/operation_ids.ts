import { defaultOperationId, type OperationId } from "../../catalog/declaration.ts";
import type { EventOf } from "../../events/event_map.ts";
import type { KvCacheEvents } from "../events.ts";

/** The operation's id; without one, the task's, which is its adapter's own. */
export function l2StoreId(
  event: EventOf<KvCacheEvents, "l2.store.submitted" | "l2.store.completed">,
): OperationId {
  const { adapterIndex, taskId } = event.metadata;
  return defaultOperationId(event) ?? `${adapterIndex}/${taskId}`;
}

/** The same; one prefetch may have a load task with each adapter. */
export function l2LoadId(
  event: EventOf<KvCacheEvents, "l2.load_task.submitted" | "l2.load_task.completed">,
): OperationId {
  const { adapterIndex, taskId, requestId } = event.metadata;
  return defaultOperationId(event) ?? `${adapterIndex}/${taskId}/${requestId}`;
}
