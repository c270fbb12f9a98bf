import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import type { Declarations } from "../../../catalog/declare.ts";
import type { CounterOptions } from "../../../catalog/metric_options.ts";
import type { EventMetric } from "../../../catalog/metric.ts";
import type { EventOf, EventTypeOf } from "../../../events/event_map.ts";
import type { ChunkKey } from "../../events/chunk_key.ts";

type Types = EventTypeOf<KvCacheEvents>;

/** What declares this domain's metrics, with the limit of attribute sets that all of them have. */
export interface KvCacheDeclarations
  extends Pick<Declarations<KvCacheEvents>, "histogram" | "duration" | "throughput"> {
  /** Declares a counter. */
  readonly counter: <Type extends Types, ZeroType extends Types = never>(
    types: Type | readonly Type[],
    unit: string,
    description: string,
    options?: CounterOptions<
      EventOf<KvCacheEvents, Type>,
      ZeroType,
      EventOf<KvCacheEvents, ZeroType>
    >,
  ) => EventMetric<KvCacheEvents>;
}

/** What the descriptions of metrics that LMCache does not have end in. */
export const OURS = "; Busbar's own";

type WithKeys = { readonly metadata: { readonly keys: readonly ChunkKey[] } };

/** An event's keys, counted by tenant; a key without a salt counts under `""`. */
export const keysPerSalt = {
  counts: {
    attribute: "cache_salt",
    of: ({ metadata }: WithKeys) => countBy(metadata.keys, ({ cacheSalt }) => cacheSalt ?? ""),
  },
};

/** The same as their publisher has counted them. */
export const countedPerSalt = {
  counts: {
    attribute: "cache_salt",
    of: (
      { metadata }: {
        readonly metadata: {
          readonly keyCountPerSalt?: Readonly<Record<string, number>> | undefined;
        };
      },
    ) => metadata.keyCountPerSalt,
  },
};

/** An event's keys, counted by model; one without a model counts without the label. */
export const keysPerModel = {
  attribute: "model_name",
  of: ({ metadata }: WithKeys) => countBy(metadata.keys, ({ modelName }) => modelName),
};

function countBy<Item, Value>(
  items: readonly Item[],
  valueOf: (item: Item) => Value,
): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const item of items) {
    const value = valueOf(item);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
