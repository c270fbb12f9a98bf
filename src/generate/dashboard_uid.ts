/** The most characters that Grafana takes of a dashboard's uid and title. */
const MAX_UID_LENGTH = 40;
const MAX_TITLE_LENGTH = 189;
/** Of the hash at the end of a uid. */
const HASH_LENGTH = 11;

/**
 * The uid of a title: the title if it can be one, else what it has of letters and digits, and a hash, so
 * that different titles have different uids.
 */
export function uidOf(title: string): string {
  if (isUid(title) && !/[A-Z_]/.test(title)) return title;
  const words = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-/, "")
    .slice(0, MAX_UID_LENGTH - HASH_LENGTH - 1).replace(/-$/, "");
  return words === "" ? hash(title) : `${words}-${hash(title)}`;
}

/** Whether Grafana takes it as a dashboard's uid. */
export function isUid(uid: unknown): uid is string {
  return typeof uid === "string" && /^[a-zA-Z0-9_-]{1,40}$/.test(uid);
}

/** A title that Grafana takes: a longer one is cut. */
export function fitTitle(title: string): string {
  return title.length <= MAX_TITLE_LENGTH
    ? title
    : `${title.slice(0, MAX_TITLE_LENGTH - 1).toWellFormed()}…`;
}

/** 53 bits of a text, in 11 characters. */
function hash(text: string): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^
    Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^
    Math.imul(high ^ (high >>> 13), 3_266_489_909);
  const bits = 2 ** 32 * (low & 0x1fffff) + (high >>> 0);
  return bits.toString(36).padStart(HASH_LENGTH, "0");
}
