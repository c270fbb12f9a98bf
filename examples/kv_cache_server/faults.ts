/** What can be made to go wrong. */
export const FAULTS = [
  "l2-slow", // each task of the disk takes longer
  "l2-error", // every third one fails
  "l2-corrupt", // every fourth chunk that it reads is not what was written
  "l2-full", // from the tenth on the disk is full,
  "l2-readonly", // cannot be written,
  "l2-gone", // or is not there
  "l1-oom", // every fourth chunk finds no room in L1
  "l1-shrink", // L1 loses half its capacity, gets it back, and so on
  "deadline", // every second request does not wait for what the disk has not delivered soon
  "engine-lost", // every fifth request comes from an engine that is not known
  "stores-hang", // from the twentieth on the device does not begin a store,
  "retrieves-hang", // or a retrieve
  "prompts-unique", // each prompt begins with something new, so that nothing is found
  "transfer-error", // every third retrieve of CacheBlend fails
  "directory-slow", // every third time the fleet's directory does not answer in time
  "bus-full", // the event bus has room for few events
  "subscriber-slow", // a subscriber holds the event loop
  "subscriber-error", // or throws
  "crash", // the process ends with its thousandth request
] as const;
/** The name of a fault. */
export type Fault = typeof FAULTS[number];

const L2_DELAY_MS = 25;
const PREFETCH_BUDGET_MS = 5;

/** How often what can fail every so many times does. */
const EVERY = {
  "l2-error": 3,
  "l2-corrupt": 4,
  "l1-oom": 4,
  "l1-shrink": 20,
  "deadline": 2,
  "engine-lost": 5,
  "transfer-error": 3,
  "directory-slow": 3,
} as const;

/** From the so-manieth time on what can fail for good does. */
const FROM = {
  "l2-full": 10,
  "l2-readonly": 10,
  "l2-gone": 10,
  "stores-hang": 20,
  "retrieves-hang": 20,
  "crash": 1_000,
} as const;

/** Thrown by a disk that was made to fail. */
export class InjectedError extends Error {
  override readonly name = "InjectedError";
}

/** Makes things go wrong by a fixed rule, so that runs can be compared. */
export class Faults {
  readonly #on: ReadonlySet<Fault>;
  readonly #counts = new Map<Fault, number>();

  constructor(on: Iterable<Fault> = []) {
    this.#on = new Set(on);
  }

  /** Whether it was asked for. */
  has(fault: Fault): boolean {
    return this.#on.has(fault);
  }

  /** Whether it is this one's turn: one in every so many that are asked for. */
  isDue(fault: keyof typeof EVERY): boolean {
    return this.#on.has(fault) && this.#count(fault) % EVERY[fault] === 0;
  }

  /** Whether it has come to that: it stays so. */
  hasBegun(fault: keyof typeof FROM): boolean {
    return this.#on.has(fault) && this.#count(fault) >= FROM[fault];
  }

  #count(fault: Fault): number {
    const count = (this.#counts.get(fault) ?? 0) + 1;
    this.#counts.set(fault, count);
    return count;
  }

  /** How much longer each task of L2 takes, in milliseconds. */
  get l2DelayMs(): number {
    return this.#on.has("l2-slow") ? L2_DELAY_MS : 0;
  }

  /** How long this request waits for L2, in milliseconds. */
  prefetchBudgetMs(): number {
    return this.isDue("deadline") ? PREFETCH_BUDGET_MS : Infinity;
  }

  /**
   * Has the disk break for good when it is this task's turn.
   *
   * @throws {InjectedError} when it is this L2 task's turn to fail
   */
  failL2Task(disk: { break(how: "full" | "readonly" | "gone"): void }): void {
    for (const how of ["full", "readonly", "gone"] as const) {
      if (this.hasBegun(`l2-${how}`)) disk.break(how);
    }
    if (this.isDue("l2-error")) throw new InjectedError("the disk was made to fail");
  }
}
