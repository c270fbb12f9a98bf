import type { AwakeClock } from "./awake_clock.ts";
import { keyOf, type MemberMemory, MemberWords } from "./member_words.ts";

/** How a thread is. */
export type MemberState = "alive" | "hung" | "dead";

/** A thread of the process, also one that has ended. */
export interface Member<Memory extends MemberMemory = MemberMemory> {
  readonly memory: Memory;
  readonly name: string;
  /**
   * `hung`: it has not run for {@linkcode HUNG_MS}; it may go on. `dead`: it has said goodbye, or not
   * run for {@linkcode DEAD_MS}; or the thread that keeps it has said goodbye, or, for `hung`, failed.
   */
  readonly state: MemberState;
}

/** A thread that has not run for so long hangs, in milliseconds. */
export const HUNG_MS = 2_000;
/** And has ended, as far as others can tell. */
export const DEAD_MS = 30_000;
/** The most buffers that are known at a time; what is announced beyond them is refused. */
export const MAX_MEMBERS = 1_024;
/** How many of those that were forgotten are not taken for new ones. */
const MAX_FORGOTTEN = 1_024;

interface Entry<Memory> {
  readonly memory: Memory;
  readonly words: MemberWords;
  readonly name: string;
  /** The heartbeat that was seen last, and since when it is the same. */
  heartbeat: number;
  movedAtMs: number;
}

/** All buffers that this thread knows, its own first. */
export class Roster<Memory extends MemberMemory> {
  readonly #entries = new Map<string, Entry<Memory>>();
  readonly #byKey = new Map<bigint, Entry<Memory>>();
  readonly #forgotten = new Set<string>();
  readonly #clock: AwakeClock;
  readonly #own: Entry<Memory>;
  #oldest: Entry<Memory>;

  /** @param own what has joined already */
  constructor(own: Memory, name: string, clock: AwakeClock) {
    this.#clock = clock;
    this.#own = this.#oldest = this.#enter(own, name);
  }

  #enter(memory: Memory, name: string): Entry<Memory> {
    const words = new MemberWords(memory.words);
    const { heartbeat } = words;
    const entry = { memory, words, name, heartbeat, movedAtMs: this.#clock.look() };
    this.#entries.set(memory.incarnation, entry);
    this.#byKey.set(keyOf(memory.incarnation), entry);
    return entry;
  }

  /**
   * Takes a buffer in.
   *
   * @param isSilent whether its thread is known not to run; a heartbeat says that it does
   * @returns whether it is a new one
   */
  add(memory: Memory, name: string, isSilent = false): "added" | "known" | "refused" {
    const { incarnation } = memory;
    if (this.#entries.has(incarnation) || this.#forgotten.has(incarnation)) return "known";
    if (this.#entries.size >= MAX_MEMBERS) return "refused";
    const entry = this.#enter(memory, name || incarnation.slice(0, 8));
    if (isSilent) entry.movedAtMs -= HUNG_MS;
    if (isOlder(entry, this.#oldest)) this.#oldest = entry;
    return "added";
  }

  /** Whether a buffer is known, or was. */
  knows(incarnation: string): boolean {
    return this.#entries.has(incarnation) || this.#forgotten.has(incarnation);
  }

  /** Lets a buffer go, and takes it for no new one. The own one stays. */
  forget(incarnation: string): void {
    const entry = this.#entries.get(incarnation);
    if (entry === this.#own) return;
    this.#forgotten.delete(incarnation);
    this.#forgotten.add(incarnation);
    for (const first of this.#forgotten) {
      if (this.#forgotten.size <= MAX_FORGOTTEN) break;
      this.#forgotten.delete(first);
    }
    if (entry === undefined) return;
    this.#entries.delete(incarnation);
    this.#byKey.delete(keyOf(incarnation));
  }

  /** The buffer that all agree upon who know each other: the one that joined first, forgotten or not. */
  get oldest(): MemberWords {
    return this.#oldest.words;
  }

  /** Which one that is. */
  get oldestIncarnation(): string {
    return this.#oldest.memory.incarnation;
  }

  /** What stands in the oldest buffer is lost to others if they do not know it. */
  get announced(): ReadonlyMap<string, { readonly memory: Memory; readonly name: string }> {
    const { incarnation } = this.#oldest.memory;
    if (this.#entries.has(incarnation)) return this.#entries;
    return new Map([...this.#entries, [incarnation, this.#oldest]]);
  }

  /** The incarnations that were forgotten; what is announced all the same is not among them. */
  get forgotten(): readonly string[] {
    const { incarnation } = this.#oldest.memory;
    return [...this.#forgotten].filter((one) => one !== incarnation);
  }

  /** Looks at each heartbeat. */
  look(): void {
    const awakeMs = this.#clock.look();
    for (const entry of this.#entries.values()) {
      const { heartbeat } = entry.words;
      if (heartbeat === entry.heartbeat) continue;
      entry.heartbeat = heartbeat;
      entry.movedAtMs = awakeMs;
    }
  }

  /** How all of them are now. */
  members(): Member<Memory>[] {
    this.look();
    const awakeMs = this.#clock.look();
    return [...this.#entries.values()].map((entry) => {
      const { memory, name } = entry;
      return { memory, name, state: this.#stateOf(entry, awakeMs) };
    });
  }

  /** How the thread is that has this key; `undefined` if it is not known. */
  stateOf(key: bigint): MemberState | undefined {
    const entry = this.#byKey.get(key);
    return entry && this.#stateOf(entry, this.#clock.look());
  }

  /** Whether a worker runs that this thread keeps. */
  keepsWorker(key: bigint): boolean {
    const awakeMs = this.#clock.look();
    return [...this.#entries.values()].some((entry) =>
      entry.words.keeper === key && this.#stateOf(entry, awakeMs) === "alive"
    );
  }

  #stateOf(entry: Entry<Memory>, awakeMs: number): MemberState {
    if (entry.words.hasEnded) return "dead";
    const { keeper } = entry.words;
    const keepers = keeper === 0n ? undefined : this.#byKey.get(keeper)?.words;
    if (keepers?.hasEnded === true) return "dead";
    if (entry === this.#own) return "alive";
    if (keepers?.hasFailed === true) return "hung";
    const silentMs = awakeMs - entry.movedAtMs;
    return silentMs < HUNG_MS ? "alive" : silentMs < DEAD_MS ? "hung" : "dead";
  }
}

/** In an order that is the same for all: by time, and at the same time by name. */
function isOlder<Memory extends MemberMemory>(a: Entry<Memory>, b: Entry<Memory>): boolean {
  const [aMs, bMs] = [a.words.joinedMs, b.words.joinedMs];
  // One that has not joined is nobody's.
  if (aMs === 0) return false;
  return aMs < bMs || (aMs === bMs && a.memory.incarnation < b.memory.incarnation);
}
