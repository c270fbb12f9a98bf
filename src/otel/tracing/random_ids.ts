import { hexId } from "../../internal/hex_id.ts";

/** A random span identifier: 64 bits, not all of them 0, as the SDK's generator makes them. */
export function randomSpanId(): string {
  const high = randomBits();
  const low = randomBits();
  return hexId(high, high === 0 && low === 0 ? 1 : low);
}

/** A random trace identifier: 128 bits, not all of them 0. */
export function randomTraceId(): string {
  return hexId(randomBits(), randomBits()) + randomSpanId();
}

function randomBits(): number {
  return Math.random() * 2 ** 32 >>> 0;
}
