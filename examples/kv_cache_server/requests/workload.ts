import type { Request } from "./trace.ts";

const SYSTEM_PROMPTS = 8;
const CONVERSATIONS = 64;
const MEAN_GAP_MS = 50;
const MEAN_TURNS = 6;

/**
 * An endless workload: many conversations at once, each on one of a few shared system prompts, each
 * turn repeating what was said before and adding to it. The same seed gives the same requests.
 */
export function* conversations(seed: number): Generator<Request> {
  const random = mulberry32(seed);
  const between = (min: number, max: number) => min + Math.floor(random() * (max - min + 1));
  let nextId = 0;
  const newChunks = (count: number) => Array.from({ length: count }, () => nextId++);
  const systemPrompts = Array.from({ length: SYSTEM_PROMPTS }, () => newChunks(between(1, 12)));
  const begin = () => [...systemPrompts[between(0, SYSTEM_PROMPTS - 1)] ?? []];
  const histories = Array.from({ length: CONVERSATIONS }, begin);

  let timestampMs = 0;
  while (true) {
    const index = between(0, CONVERSATIONS - 1);
    const chunkIds = [...histories[index] ?? [], ...newChunks(between(1, 6))];
    yield { timestampMs, chunkIds };
    histories[index] = random() < 1 / MEAN_TURNS ? begin() : chunkIds;
    timestampMs += -Math.log(1 - random()) * MEAN_GAP_MS;
  }
}

/** A small seeded generator of numbers from 0 up to 1: Tommy Ettinger's mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
