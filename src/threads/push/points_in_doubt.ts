import type { Steps } from "../../internal/slices.ts";
import { MemoryReader } from "../memory/memory_reader.ts";
import type { HeldNumbers } from "../memory/sent_marks.ts";
import { isCumulative } from "../memory/thread_totals.ts";

/** How many series are looked at between two looks at the clock. */
const SERIES_PER_STEP = 64;

/** How many data points were on the way of which nobody knows whether they arrived. */
export function* pointsInDoubt(held: readonly HeldNumbers[]): Steps<number> {
  const points = new Set<string>();
  for (const one of held) {
    const reader = new MemoryReader(one.memory);
    while (reader.readLines()) yield;
    let done = 0;
    for (const { instrument, base, key } of reader.series) {
      if (++done % SERIES_PER_STEP === 0) yield;
      if (!isCumulative(instrument) || !one.differs(base, instrument.numbers)) continue;
      // The numbers of several threads are one point.
      points.add(`${instrument.name}\n${key}`);
    }
  }
  return points.size;
}
