import type { ObservationParts, Observed } from "../../subscribers/self_metrics/observation.ts";
import type { HeapSpace, Host } from "./host.ts";

const SPACE_INSTRUMENTS: readonly Observed<readonly HeapSpace[]>[] = [
  ofSpaces("v8js.memory.heap.used", "Heap memory size allocated", "space_used_size"),
  ofSpaces(
    "v8js.memory.heap.space.size",
    "Total heap memory size pre-allocated for a heap space",
    "space_size",
  ),
  ofSpaces(
    "v8js.memory.heap.space.available_size",
    "Heap space available size",
    "space_available_size",
  ),
  ofSpaces(
    "v8js.memory.heap.space.physical_size",
    "Committed size of a heap space",
    "physical_space_size",
  ),
];

function ofSpaces(
  name: string,
  description: string,
  size: Exclude<keyof HeapSpace, "space_name">,
): Observed<readonly HeapSpace[]> {
  return {
    name,
    kind: "upDownCounter",
    description,
    unit: "By",
    rows: (spaces) =>
      spaces.map((space) => [space[size], { "v8js.heap.space.name": space.space_name }]),
  };
}

/** The spaces of V8's heap, without those that have never held anything: more than half of them. */
export function heapSpaces(
  { isBun, v8 }: Host,
): ObservationParts<readonly HeapSpace[]> | undefined {
  // Bun makes up V8's statistics from those of its own engine, in milliseconds of work.
  if (isBun || typeof v8.getHeapSpaceStatistics !== "function") return undefined;
  const used = new Set<string>();
  return {
    stats: () =>
      v8.getHeapSpaceStatistics!().filter(({ space_name, space_size }) => {
        if (space_size > 0) used.add(space_name);
        return used.has(space_name);
      }),
    instruments: SPACE_INSTRUMENTS,
  };
}

/** At which size of its heap V8 gives up; no convention has it, so it is called as V8's field. */
export function heapLimit({ isBun, v8 }: Host): ObservationParts<number> | undefined {
  if (isBun || typeof v8.getHeapStatistics !== "function") return undefined;
  return {
    stats: () => v8.getHeapStatistics!().heap_size_limit || undefined,
    instruments: [{
      name: "v8js.memory.heap.size_limit",
      kind: "upDownCounter",
      description: "Size that the heap cannot exceed",
      unit: "By",
      rows: (bytes) => [[bytes]],
    }],
  };
}

/** What Bun's engine tells of its heap; no convention knows that engine. */
export function jscHeap({ isBun, process }: Host): ObservationParts<number> | undefined {
  if (!isBun || typeof process.memoryUsage !== "function") return undefined;
  return {
    stats: () => process.memoryUsage!().heapUsed || undefined,
    instruments: [{
      name: "jsc.memory.heap.used",
      kind: "upDownCounter",
      description: "Heap memory size allocated, as of the last garbage collection",
      unit: "By",
      rows: (bytes) => [[bytes]],
    }],
  };
}
