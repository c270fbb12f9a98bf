import { clearTimer, monotonicMs, setTimer, type Timer, wallMs } from "../../internal/clocks.ts";
import { inNeutralContext } from "../../internal/neutral_context.ts";
import type { Logger } from "../../internal/logger.ts";
import { errorText, report } from "../../internal/reporting.ts";
import { ReportOnce } from "../../internal/report_once.ts";
import { unref } from "../../internal/timers.ts";
import { AwakeClock } from "./awake_clock.ts";
import { type Channel, openChannel } from "./channel.ts";
import { onThreadEnd, onThreadFailure } from "./thread_end.ts";
import { Gossip } from "./gossip.ts";
import type { Announced } from "./gossip_message.ts";
import { keyOf, type MemberMemory, MemberWords, type Role } from "./member_words.ts";
import { MAX_MEMBERS, type Member, Roster } from "./roster.ts";
import { ROLES, Roles } from "./roles.ts";

/** How often a thread says that it runs, in milliseconds. */
export const BEAT_MS = 250;
/** Of so many heartbeats, one is a round of gossip at most. */
const BEATS_PER_ROUND = 2;
/**
 * For so many threads that live, one heartbeat more lies between two rounds of a thread that lacks
 * nothing: all receive what each says.
 */
const THREADS_PER_BEAT = 4;
/** How long a new thread listens before it takes a role: those that start together meet first. */
const SETTLE_MS = 1_000;

/** A thread that keeps another one, as its worker. */
export interface Keeper {
  /** The incarnation of its buffer. */
  readonly incarnation: string;
  /** Which threads it belongs to. */
  readonly group: string;
  /** The buffers that it knows, and whether it has taken their threads for hung or dead. */
  readonly known: readonly (Announced & { readonly isSilent: boolean })[];
}

/** The options of {@linkcode joinThreads}. */
export interface JoinOptions<Memory extends MemberMemory> {
  /** This thread's own buffer. */
  readonly memory: Memory;
  /** Which threads belong together: the channel's name. */
  readonly group: string;
  /** What this thread is called. Default: the beginning of its buffer's incarnation. */
  readonly name?: string | undefined;
  /** Which roles this thread takes. Default: all. */
  readonly roles?: readonly Role[] | undefined;
  /** Who keeps this thread, as its worker, and what it knows from the start. Default: none does. */
  readonly keeper?: Keeper | undefined;
  /** Opens what came over the channel; `undefined` if it is no buffer of ours. */
  readonly open: (received: unknown) => Memory | undefined;
  readonly logger: Logger;
  /** Called at each heartbeat of this thread. */
  readonly onHeartbeat?: (() => void) | undefined;
  /** Called when this thread has got a role, or has lost it. */
  readonly onRole?: ((role: Role, has: boolean) => void) | undefined;
  /** For tests. Default: the runtime's own. */
  readonly runtime?: JoinRuntime | undefined;
}

/** What a runtime has for it. */
export interface JoinRuntime {
  readonly openChannel: (name: string) => Channel;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Calls something again and again, without keeping the process alive. */
  readonly every: (ms: number, callback: () => void) => Disposable;
  /** Calls something when this thread ends, as far as that can be known. */
  readonly onThreadEnd: (callback: () => void) => Disposable;
  /** Calls something when this thread may be about to end. */
  readonly onThreadFailure: (callback: () => void) => Disposable;
}

/** The threads of this process, as this one sees them. Disposing of it says goodbye. */
export interface Membership<Memory extends MemberMemory = MemberMemory> extends Disposable {
  /** All buffers that are known now, this thread's own first. */
  members(): readonly Member<Memory>[];
  /**
   * The incarnation of the buffer whose thread joined first: the same for all threads that know each
   * other, also when that one has ended.
   */
  readonly oldest: string;
  /** Whether this thread has a role now; when another has taken it, that is false at once. */
  has(role: Role): boolean;
  /** How often a role has changed hands: another number than before means that others had it since. */
  termOf(role: Role): number;
  /** Takes a role now if nobody has it, as the last thread does at its end. @returns whether it has it */
  acquire(role: Role): boolean;
  /** Gives a role up for so long, in milliseconds. */
  yield(role: Role, forMs: number): void;
  /** The port that the metrics of all are served at, which who has that role sets; 0 if none is. */
  port: number;
  /** What was in a buffer is in another one now: it is let go, and taken for no new one. */
  forget(incarnation: string): void;
}

const RUNTIME: JoinRuntime = {
  openChannel,
  now: monotonicMs,
  every: (ms, callback) => {
    let timer: Timer | undefined;
    const next = () => {
      unref(
        timer = setTimer(() => {
          next();
          callback();
        }, ms),
      );
    };
    // What is started here must not keep the caller's context.
    let isOver = false;
    inNeutralContext(() => {
      if (!isOver) next();
    });
    return {
      [Symbol.dispose]: () => {
        isOver = true;
        clearTimer(timer);
      },
    };
  },
  onThreadEnd,
  onThreadFailure,
};

/**
 * Has this thread take part in what the threads of a process do together: its buffer is made known to
 * the others and theirs to it, each says that it runs, and the roles are given to one of them at a
 * time. It keeps no process alive.
 *
 * - Buffers find each other by gossip of the whole list, however many messages are lost, and however
 *   late a thread starts; also those of threads that have ended, which others knew.
 * - Of a thread that hangs or ends others learn by its heartbeat, and sooner where it can say so.
 * - What others post on the channel is not trusted, and cannot do harm.
 *
 * @throws {Error} if the runtime has no channel between threads
 */
export function joinThreads<Memory extends MemberMemory>(
  options: JoinOptions<Memory>,
): Membership<Memory> {
  const { memory, group, open, logger, onHeartbeat, onRole, runtime = RUNTIME } = options;
  const { keeper, roles: wanted = ROLES } = options;
  const reports = new ReportOnce(logger);
  const channel = runtime.openChannel(group);
  const words = new MemberWords(memory.words);
  if (keeper !== undefined) words.keeper = keyOf(keeper.incarnation);
  words.join(wallMs());
  words.beat();
  const name = options.name ?? memory.incarnation.slice(0, 8);
  const clock = new AwakeClock(runtime.now);
  const roster = new Roster(memory, name, clock);
  for (const { buffer, name, isSilent } of keeper?.known ?? []) {
    const known = open(buffer);
    if (known !== undefined) roster.add(known, name, isSilent);
  }
  const roles = new Roles(memory.incarnation, {
    roster,
    clock,
    wanted,
    // Who has met the others already need not listen first.
    settleMs: keeper === undefined ? SETTLE_MS : 0,
  });
  const gossip = new Gossip(channel, roster, open, () => {
    reports.report(
      `more than ${MAX_MEMBERS} threads have shared memory: the others are not counted`,
    );
  });
  const held = new Set<Role>();
  const guarded = (call: () => void) => {
    try {
      call();
    } catch (error) {
      report(logger, `the threads' heartbeat: ${errorText(error)}`);
    }
  };
  const tellRoles = () => {
    for (const role of ROLES) {
      const has = roles.has(role);
      if (has === held.has(role)) continue;
      if (has) held.add(role);
      else held.delete(role);
      if (onRole !== undefined) guarded(() => onRole(role, has));
    }
  };
  let beatsSinceRound = 0;
  const isRoundDue = () => {
    if (beatsSinceRound < BEATS_PER_ROUND) return false;
    if (gossip.lacks) return true;
    const living = roster.members().filter(({ state }) => state === "alive").length;
    return beatsSinceRound >= living / THREADS_PER_BEAT;
  };
  // Whether this thread has gone on after a failure.
  let survivesFailures = false;
  const beating = runtime.every(BEAT_MS, () => {
    survivesFailures ||= words.hasFailed;
    words.beat();
    roster.look();
    gossip.answer();
    beatsSinceRound++;
    if (isRoundDue()) {
      beatsSinceRound = 0;
      gossip.round();
    }
    roles.look();
    tellRoles();
    if (onHeartbeat !== undefined) guarded(onHeartbeat);
  });
  const ending = runtime.onThreadEnd(() => words.end());
  const failing = runtime.onThreadFailure(() => {
    if (survivesFailures) return;
    words.fail();
    roles.handOn();
  });
  gossip.hello();
  let hasLeft = false;
  return {
    members: () => roster.members(),
    get oldest() {
      return roster.oldestIncarnation;
    },
    has: (role) => roles.has(role),
    termOf: (role) => roles.termOf(role),
    acquire: (role) => {
      const has = roles.acquire(role);
      tellRoles();
      return has;
    },
    yield: (role, forMs) => {
      roles.yield(role, forMs);
      tellRoles();
    },
    get port() {
      return roles.port;
    },
    set port(port) {
      roles.port = port;
    },
    forget: (incarnation) => roster.forget(incarnation),
    [Symbol.dispose]: () => {
      if (hasLeft) return;
      hasLeft = true;
      beating[Symbol.dispose]();
      ending[Symbol.dispose]();
      failing[Symbol.dispose]();
      roles.leave();
      tellRoles();
      words.end();
      channel.onmessage = null;
      channel.close();
    },
  };
}
