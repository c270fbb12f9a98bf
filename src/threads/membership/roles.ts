import type { AwakeClock } from "./awake_clock.ts";
import { keyOf, type MemberMemory, type MemberWords, type Role } from "./member_words.ts";
import { HUNG_MS, type Roster } from "./roster.ts";

/** All roles. */
export const ROLES: readonly Role[] = ["push", "port", "worker"];

/** What {@linkcode Roles} are made of. */
export interface RolesOptions<Memory extends MemberMemory> {
  readonly roster: Roster<Memory>;
  readonly clock: AwakeClock;
  /** The roles that this thread takes. */
  readonly wanted: readonly Role[];
  /** How long it listens before it takes one, in milliseconds. */
  readonly settleMs: number;
}

/**
 * What this thread does for all. Each role is a lease in the words of the oldest buffer: who has it
 * keeps it until its thread hangs or ends, and then the first of the others that notices replaces it,
 * by one exchange that only one of them succeeds in. There is nothing to renew, since the heartbeat
 * says whether the holder runs; a thread that was replaced while it hung finds that out at its first
 * look, as it never remembers that it has a role.
 *
 * The worker of a thread that hangs runs on: as long as it does, that thread keeps the role.
 *
 * Threads that have not met yet have different oldest buffers, and each may have the role among those
 * that it knows. When they meet, the older buffer's word counts.
 */
export class Roles<Memory extends MemberMemory> {
  readonly #own: bigint;
  readonly #roster: Roster<Memory>;
  readonly #clock: AwakeClock;
  readonly #settledAtMs: number;
  /** Those that this thread takes. */
  readonly #wanted: readonly Role[];
  /** Whose words they were at the last look. */
  #oldest: MemberWords;
  /** Holders that are not known, and since when that is so. */
  readonly #strangers = new Map<Role, { readonly key: bigint; readonly sinceMs: number }>();
  /** Until when this thread leaves a role to others. */
  readonly #yieldedUntilMs = new Map<Role, number>();
  #hasLeft = false;

  /** @param own the incarnation of this thread's buffer */
  constructor(own: string, { roster, clock, wanted, settleMs }: RolesOptions<Memory>) {
    this.#wanted = wanted;
    this.#own = keyOf(own);
    this.#roster = roster;
    this.#clock = clock;
    this.#oldest = roster.oldest;
    this.#settledAtMs = clock.look() + settleMs;
  }

  /** Whether this thread has a role now. */
  has(role: Role): boolean {
    return !this.#hasLeft && this.#words().holderOf(role) === this.#own;
  }

  /** How often a role has changed hands. */
  termOf(role: Role): number {
    return this.#words().termOf(role);
  }

  /** The port that the metrics of all are served at; 0 if nobody serves them. */
  get port(): number {
    return this.#words().port;
  }

  set port(port: number) {
    if (this.has("port")) this.#words().port = port;
  }

  /** Takes what nobody has, at each heartbeat. */
  look(): void {
    const awakeMs = this.#clock.look();
    if (awakeMs < this.#settledAtMs) return;
    for (const role of this.#wanted) {
      if (awakeMs >= (this.#yieldedUntilMs.get(role) ?? 0)) this.acquire(role);
    }
  }

  /** Takes a role if nobody has it, new or not. @returns whether this thread has it */
  acquire(role: Role): boolean {
    if (this.#hasLeft) return false;
    const words = this.#words();
    const holder = words.holderOf(role);
    if (holder === this.#own) return true;
    return this.#isFree(role, holder) && words.replaceHolder(role, holder, this.#own);
  }

  #isFree(role: Role, holder: bigint): boolean {
    if (holder === 0n) return true;
    const state = this.#roster.stateOf(holder);
    if (state !== undefined) {
      this.#strangers.delete(role);
      return state !== "alive" && !(role === "worker" && this.#roster.keepsWorker(holder));
    }
    // It may be new, and its message be on its way; or nobody has met it before its end.
    const awakeMs = this.#clock.look();
    const stranger = this.#strangers.get(role);
    if (stranger?.key === holder) return awakeMs - stranger.sinceMs >= HUNG_MS;
    this.#strangers.set(role, { key: holder, sinceMs: awakeMs });
    return false;
  }

  /** Gives a role up, and takes it no more for so long. */
  yield(role: Role, forMs: number): void {
    this.#yieldedUntilMs.set(role, this.#clock.look() + forMs);
    this.#release(role, this.#words());
  }

  /** Leaves all of them to whoever looks first, which may be this thread. */
  handOn(): void {
    const words = this.#words();
    for (const role of ROLES) words.replaceHolder(role, this.#own, 0n);
  }

  #release(role: Role, words: MemberWords): boolean {
    if (words.holderOf(role) !== this.#own) return false;
    if (role === "port") words.port = 0;
    return words.replaceHolder(role, this.#own, 0n);
  }

  /** Gives all of them up, for good. */
  leave(): void {
    for (const role of ROLES) this.#release(role, this.#words());
    this.#hasLeft = true;
  }

  /** The oldest buffer's; what this thread had by another goes over, if nobody has it there. */
  #words(): MemberWords {
    const { oldest } = this.#roster;
    if (oldest === this.#oldest) return oldest;
    const former = this.#oldest;
    this.#oldest = oldest;
    for (const role of ROLES) {
      const { port } = former;
      if (!this.#release(role, former)) continue;
      if (oldest.replaceHolder(role, 0n, this.#own) && role === "port") oldest.port = port;
    }
    return oldest;
  }
}
