import type { KvCacheEvents } from "../../events/kv_cache_events.ts";
import { BLEND_DESCRIPTIONS } from "./blend_descriptions.ts";
import type { Descriptions } from "./fields.ts";
import { L1_DESCRIPTIONS } from "./l1_descriptions.ts";
import { L2_DESCRIPTIONS } from "./l2_descriptions.ts";
import { SERVER_DESCRIPTIONS } from "./server_descriptions.ts";

/** What each event means, for people and for the documents. */
export const KV_CACHE_DESCRIPTIONS: Descriptions<KvCacheEvents> = {
  ...L1_DESCRIPTIONS,
  ...L2_DESCRIPTIONS,
  ...SERVER_DESCRIPTIONS,
  ...BLEND_DESCRIPTIONS,
};
