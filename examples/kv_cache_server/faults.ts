/** What can be made to go wrong. */
export const FAULTS = [
  "l2-slow",
  "l2-error",
  "l2-full",
  "l2-readonly",
  "l2-gone",
  "l1-oom",
] as const;
/** The name of a fault. */
export type Fault = typeof FAULTS[number];

const L2_DELAY_MS = 25;
const L2_FAILS_EVERY = 3;
const L2_BREAKS_AT = 10;
const L1_FAILS_EVERY = 4;

/** Thrown by a disk that was made to fail. */
export class InjectedError extends Error {
  override readonly name = "InjectedError";
}

/** Makes things go wrong by a fixed rule, so that runs can be compared. */
export class Faults {
  readonly #on: ReadonlySet<Fault>;
  #l2Tasks = 0;
  #allocations = 0;

  constructor(on: Iterable<Fault> = []) {
    this.#on = new Set(on);
  }

  /** How much longer each task of L2 takes, in milliseconds. */
  get l2DelayMs(): number {
    return this.#on.has("l2-slow") ? L2_DELAY_MS : 0;
  }

  /**
   * Has the disk break for good when it is this task's turn.
   *
   * @throws {InjectedError} when it is this L2 task's turn to fail
   */
  failL2Task(disk: { break(how: "full" | "readonly" | "gone"): void }): void {
    const task = ++this.#l2Tasks;
    if (task === L2_BREAKS_AT) {
      for (const how of ["full", "readonly", "gone"] as const) {
        if (this.#on.has(`l2-${how}`)) disk.break(how);
      }
    }
    if (this.#on.has("l2-error") && task % L2_FAILS_EVERY === 0) {
      throw new InjectedError("the disk was made to fail");
    }
  }

  /** Whether L1 has no room for this chunk. */
  refusesAllocation(): boolean {
    return this.#on.has("l1-oom") && ++this.#allocations % L1_FAILS_EVERY === 0;
  }
}
