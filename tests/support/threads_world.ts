import type { Channel } from "../../src/threads/membership/channel.ts";
import {
  BEAT_MS,
  type JoinRuntime,
  joinThreads,
  type Keeper,
  type Membership,
} from "../../src/threads/membership/join_threads.ts";
import type { MemberMemory, Role } from "../../src/threads/membership/member_words.ts";
import { MemoryLogger } from "@busbar/busbar/testing";

const WORDS = 32;
const MAGIC = 0x5eed;

/** A buffer with words for membership alone. */
export function createMemory(incarnation: string): MemberMemory {
  const buffer = new SharedArrayBuffer((WORDS + 3) * 4);
  const words = new Int32Array(buffer);
  words[WORDS] = Number.parseInt(incarnation.slice(0, 8), 16);
  words[WORDS + 1] = Number.parseInt(incarnation.slice(8), 16);
  words[WORDS + 2] = MAGIC;
  return openMemory(buffer) as MemberMemory;
}

/** Opens one, if it is one. */
export function openMemory(received: unknown): MemberMemory | undefined {
  if (!(received instanceof SharedArrayBuffer) || received.byteLength !== (WORDS + 3) * 4) {
    return undefined;
  }
  const all = new Int32Array(received);
  if (all[WORDS + 2] !== MAGIC) return undefined;
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
  return {
    buffer: received,
    words: all.subarray(0, WORDS),
    incarnation: hex(all[WORDS] as number) + hex(all[WORDS + 1] as number),
  };
}

/** The incarnation of the thread of a number. */
export const incarnationOf = (number: number): string => number.toString(16).padStart(16, "0");

type OnRole = (role: Role, has: boolean) => void;

/** How a {@linkcode WorldThread} is started. */
export interface WorldThreadOptions {
  /** Default: `"shop"`. */
  readonly group?: string | undefined;
  readonly onRole?: OnRole | undefined;
  /** As for `joinThreads`. */
  readonly keeper?: Keeper | undefined;
  readonly roles?: readonly Role[] | undefined;
}

/** A thread of the made-up process. */
export interface WorldThread {
  readonly number: number;
  readonly memory: MemberMemory;
  readonly membership: Membership;
  readonly logger: MemoryLogger;
  /** What it was told of roles, such as `+push`. */
  readonly told: string[];
  /** Says how many messages with buffers it has posted. */
  readonly bufferPosts: number;
  /** And how many in all. */
  readonly posts: number;
  /** Its event loop stands still, or goes on. */
  hangs: boolean;
  /** Nobody catches an error of it; whether it ends by that, another call says. */
  fail(): void;
  /** Ends it without a word, as a termination does. */
  terminate(): void;
  /** The states of all that it knows, by the number of the thread. */
  states(): Record<number, string>;
  knows(): number[];
}

interface Inner extends WorldThread {
  readonly receive: (data: unknown) => void;
  readonly beat: () => void;
  isGone: boolean;
}

/** The options of a {@linkcode World}. */
export interface WorldOptions {
  /** Whether a message gets lost on its way to one thread. Default: none does. */
  readonly loses?: (() => boolean) | undefined;
}

/**
 * A process of many threads, all of them in this one, with a clock and a channel of its own. Time
 * passes only where a test says so, and messages arrive when it does.
 */
export class World {
  readonly threads: WorldThread[] = [];
  readonly #inner: Inner[] = [];
  readonly #loses: () => boolean;
  #nowMs = 1_000;
  #messages: { readonly from: object; readonly group: string; readonly data: unknown }[] = [];

  constructor({ loses = () => false }: WorldOptions = {}) {
    this.#loses = loses;
  }

  /** Starts a thread. */
  start(number: number, options: WorldThreadOptions = {}): WorldThread {
    const { group = "shop", onRole = () => {}, keeper, roles } = options;
    const memory = createMemory(incarnationOf(number));
    const logger = new MemoryLogger();
    const told: string[] = [];
    let bufferPosts = 0;
    let posts = 0;
    let onBeat = () => {};
    let onFailure = () => {};
    const channel: Channel = {
      onmessage: null,
      postMessage: (data) => {
        posts++;
        if ((data as { buffers?: unknown[] }).buffers !== undefined) bufferPosts++;
        this.#messages.push({ from: channel, group, data });
      },
      close: () => void (channel.onmessage = null),
    };
    const runtime: JoinRuntime = {
      openChannel: () => channel,
      now: () => this.#nowMs,
      every: (_ms, callback) => {
        onBeat = callback;
        return { [Symbol.dispose]: () => void (onBeat = () => {}) };
      },
      onThreadEnd: () => ({ [Symbol.dispose]: () => {} }),
      onThreadFailure: (callback) => {
        onFailure = callback;
        return { [Symbol.dispose]: () => void (onFailure = () => {}) };
      },
    };
    const membership = joinThreads({
      memory,
      group,
      name: `thread ${number}`,
      keeper,
      roles,
      open: openMemory,
      logger,
      onRole: (role, has) => {
        told.push(`${has ? "+" : "-"}${role}`);
        onRole(role, has);
      },
      runtime,
    });
    const states = () =>
      Object.fromEntries(
        membership.members().map(({ memory: { incarnation }, state }) => [
          Number.parseInt(incarnation, 16),
          state,
        ]),
      );
    const thread: Inner = {
      number,
      memory,
      membership,
      logger,
      told,
      get posts() {
        return posts;
      },
      get bufferPosts() {
        return bufferPosts;
      },
      hangs: false,
      isGone: false,
      fail: () => onFailure(),
      terminate: () => void (thread.isGone = true),
      states,
      knows: () => Object.keys(states()).map(Number),
      receive: (data) => channel.onmessage?.({ data }),
      beat: () => onBeat(),
    };
    Object.assign(thread, { channel, group });
    this.#inner.push(thread);
    this.threads.push(thread);
    return thread;
  }

  /** Posts something that is none of a thread's, to the threads of a group. */
  post(data: unknown, group = "shop"): void {
    this.#messages.push({ from: {}, group, data });
    this.deliver();
  }

  /** Lets messages arrive, as far as they do. */
  deliver(): void {
    for (const { from, group, data } of this.#messages.splice(0)) {
      for (const thread of this.#inner) {
        const { channel, group: own } = thread as unknown as { channel: object; group: string };
        if (channel === from || own !== group || thread.isGone || thread.hangs) continue;
        if (!this.#loses()) thread.receive(data);
      }
    }
  }

  /** Lets time pass, beat by beat. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += BEAT_MS) {
      this.#nowMs += BEAT_MS;
      for (const thread of this.#inner) {
        if (!thread.isGone && !thread.hangs) thread.beat();
      }
      this.deliver();
    }
  }

  /** Lets time pass in which nobody runs, as when the process is stopped. */
  standStill(ms: number): void {
    this.#nowMs += ms;
  }
}
