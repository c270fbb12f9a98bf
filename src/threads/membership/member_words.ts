/**
 * What one of the threads does for all: push the metrics, serve their port, keep the worker that serves
 * it.
 */
export type Role = "push" | "port" | "worker";

/** The shared memory of one thread, as far as those who count the threads look into it. */
export interface MemberMemory {
  readonly buffer: SharedArrayBuffer;
  /** Names the buffer for ever: 16 hexadecimal digits. */
  readonly incarnation: string;
  /** 32 words, which begin at a multiple of 8 bytes. */
  readonly words: Int32Array;
}

/** Bumped by its thread as long as that runs. */
const HEARTBEAT = 0;
/** 1 when its thread has said goodbye. */
const ENDED = 1;
/** 1 when its thread may be about to end; 0 as soon as it goes on. */
const FAILED = 2;
/** The port that the metrics are served at; in the oldest buffer. */
const PORT = 30;
/** How often a role has changed hands; in the oldest buffer. */
const TERMS: Readonly<Record<Role, number>> = { push: 28, port: 29, worker: 27 };

/** Of the same words, taken as 64 bits each: when the thread joined, in ms since the epoch. */
const JOINED = 4;
/** Who has a role, by {@linkcode keyOf}, or 0; in the oldest buffer. */
const HOLDERS: Readonly<Record<Role, number>> = { push: 5, port: 6, worker: 7 };
/** The thread that keeps this one, by {@linkcode keyOf}, or 0: the one ends with the other. */
const KEEPER = 8;

/** The incarnation as the number that stands in a lease. */
export function keyOf(incarnation: string): bigint {
  // 0 is nobody.
  return BigInt.asIntN(64, BigInt(`0x${incarnation}`)) || 1n;
}

/** The words of one buffer: how its thread is, and, in the oldest buffer, who has which role. */
export class MemberWords {
  readonly #words: Int32Array;
  readonly #wide: BigInt64Array;

  /** @param words 32 of them */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#wide = new BigInt64Array(words.buffer, words.byteOffset, words.length >> 1);
  }

  /** How often the thread has said that it runs. */
  get heartbeat(): number {
    return Atomics.load(this.#words, HEARTBEAT);
  }

  /** Says that it runs. */
  beat(): void {
    Atomics.add(this.#words, HEARTBEAT, 1);
    Atomics.store(this.#words, FAILED, 0);
  }

  /** Whether the thread may be about to end: it has not run since it has failed. */
  get hasFailed(): boolean {
    return Atomics.load(this.#words, FAILED) !== 0;
  }

  /** Says that it has failed. */
  fail(): void {
    Atomics.store(this.#words, FAILED, 1);
  }

  /** Whether the thread has said goodbye. */
  get hasEnded(): boolean {
    return Atomics.load(this.#words, ENDED) !== 0;
  }

  /** Says goodbye. */
  end(): void {
    Atomics.store(this.#words, ENDED, 1);
  }

  /** When the thread joined, in milliseconds since the epoch; 0 before that. */
  get joinedMs(): number {
    return Number(Atomics.load(this.#wide, JOINED));
  }

  /** Joins. */
  join(nowMs: number): void {
    Atomics.store(this.#wide, JOINED, BigInt(Math.max(1, Math.trunc(nowMs))));
  }

  /** The thread that keeps this one, as its worker, by {@linkcode keyOf}; 0 if none does. */
  get keeper(): bigint {
    return Atomics.load(this.#wide, KEEPER);
  }

  set keeper(key: bigint) {
    Atomics.store(this.#wide, KEEPER, key);
  }

  /** Who has a role, by {@linkcode keyOf}; 0 if nobody has it. */
  holderOf(role: Role): bigint {
    return Atomics.load(this.#wide, HOLDERS[role]);
  }

  /** Hands a role on, if it is still `from` who has it. @returns whether that was so */
  replaceHolder(role: Role, from: bigint, to: bigint): boolean {
    if (Atomics.compareExchange(this.#wide, HOLDERS[role], from, to) !== from) return false;
    Atomics.add(this.#words, TERMS[role], 1);
    return true;
  }

  /** How often a role has changed hands. */
  termOf(role: Role): number {
    return Atomics.load(this.#words, TERMS[role]);
  }

  /** The port that metrics are served at; 0 if none has been announced. */
  get port(): number {
    return Atomics.load(this.#words, PORT);
  }

  set port(port: number) {
    Atomics.store(this.#words, PORT, port);
  }
}
