import type { Catalog } from "../../../catalog/catalog.ts";
import { declare } from "../../../catalog/declare.ts";
import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import { TransferPhases } from "../../lifecycle/transfer_phases.ts";
import { transferId } from "../operation_ids.ts";
import { blendSpans } from "./blend_spans.ts";
import { rateOf, snakeCased } from "./span_attributes.ts";

/** How many writers a batch is linked to. */
const MAX_WRITERS = 128;

const { span, eventSpan } = declare<KvCacheEvents>();

/** The spans of a catalog of the cache's events. */
type KvCacheSpans = NonNullable<Catalog<KvCacheEvents>["spans"]>;

/**
 * The spans of a session, under LMCache's names: `request` is its root. It is there from the first of
 * its work on, holds what its lookup has found, and is open until all that was submitted has ended;
 * it ends when the request did.
 *
 * @param maxTracked of how many transfers samples are kept until they have ended
 */
export function kvCacheSpans(maxTracked: number): KvCacheSpans {
  const attributes = snakeCased;
  const parent = "request";
  const steps = new TransferPhases(maxTracked);
  const ofTransfer = { parent: ["mp.store", "mp.retrieve"], afterwards: true } as const;
  return {
    "request": span("mp.request.start", "mp.request.end", {
      root: true,
      kind: "server",
      rootEnd: "own",
      openedBy: [
        "mp.lookup_prefetch.start",
        "mp.retrieve.submitted",
        "mp.retrieve.start",
        "mp.store.submitted",
        "mp.store.start",
      ],
      attributes,
    }),
    "mp.lookup_prefetch": span("mp.lookup_prefetch.start", "mp.lookup_prefetch.end", {
      parent,
      closedBy: "mp.request.end", // one that is given up has no end
      attributes,
      rootAttributes: ({ metadata }) => {
        const { requestedTokens, hitTokens, l1HitTokens, l2HitTokens } = metadata;
        return {
          hit_tokens: hitTokens,
          requested_tokens: requestedTokens,
          l1_hit_tokens: l1HitTokens,
          l2_hit_tokens: l2HitTokens,
          hit_rate: rateOf(hitTokens, requestedTokens),
          l1_hit_rate: rateOf(l1HitTokens, requestedTokens),
          l2_hit_rate: rateOf(l2HitTokens, requestedTokens),
          early_exit_reason: metadata.earlyExitReason,
        };
      },
    }),
    "mp.retrieve": span("mp.retrieve.start", "mp.retrieve.end", {
      parent,
      attributes,
      operationId: transferId,
      announcedBy: "mp.retrieve.submitted",
    }),
    "mp.store": span("mp.store.start", "mp.store.end", {
      parent,
      attributes,
      operationId: transferId,
      announcedBy: "mp.store.submitted",
    }),
    "transfer.kernel_interval": eventSpan("mp.transfer.phase_samples", {
      ...ofTransfer,
      parts: (event) => steps.partsOf("kernel", event),
      partsLeft: () => steps.partsLeft("kernel"),
    }),
    "transfer.staging": eventSpan("mp.transfer.phase_samples", {
      ...ofTransfer,
      parts: (event) => steps.partsOf("staging", event),
      partsLeft: () => steps.partsLeft("staging"),
    }),
    "mp.l2.store.schedule": span("l2.store.schedule.start", "l2.store.schedule.end", {
      root: true,
      attributes: () => ({}),
      // As many as a span holds.
      links: ({ metadata }) => "writers" in metadata ? metadata.writers.slice(0, MAX_WRITERS) : [],
      sampledByLinks: true,
      error: ({ metadata }) => metadata.failed === true ? "" : undefined,
    }),
    "timeout": eventSpan("timeout.raised", {
      parent,
      attributes: () => ({}),
      exception: ({ metadata: { message, exceptionType, stacktrace } }) =>
        Object.assign(new Error(message), { name: exceptionType, stack: stacktrace }),
    }),
    ...blendSpans(),
  };
}
