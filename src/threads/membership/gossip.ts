import { type Announced, fromReceived, type GossipMessage, toPosted } from "./gossip_message.ts";
import type { Channel } from "./channel.ts";
import type { MemberMemory } from "./member_words.ts";
import type { Roster } from "./roster.ts";

/**
 * How buffers find each other over a channel that loses messages: each thread says again and again
 * which ones it knows, and who knows more posts those. A buffer is posted only where somebody lacks
 * it: what Deno has once posted, it keeps.
 */
export class Gossip<Memory extends MemberMemory> {
  readonly #channel: Channel;
  readonly #roster: Roster<Memory>;
  readonly #open: (received: unknown) => Memory | undefined;
  readonly #onRefused: () => void;
  /** The incarnations that somebody lacks. */
  readonly #missing = new Set<string>();
  /** Whether others know a buffer that this thread does not. */
  lacks = false;
  /** Whether the own buffer has been posted since the last answers. */
  #isIntroduced = false;

  /**
   * @param open opens what was received; `undefined` if it is no buffer of ours
   * @param onRefused called when there are too many
   */
  constructor(
    channel: Channel,
    roster: Roster<Memory>,
    open: (received: unknown) => Memory | undefined,
    onRefused: () => void,
  ) {
    this.#channel = channel;
    this.#roster = roster;
    this.#open = open;
    this.#onRefused = onRefused;
    channel.onmessage = ({ data }) => this.#receive(data);
  }

  /** Introduces this thread: what is lost of it, the rounds make up for. */
  hello(): void {
    for (const incarnation of this.#known()) this.#missing.add(incarnation);
    this.round();
    this.answer();
  }

  /** Says which buffers it knows. */
  round(): void {
    this.lacks = false;
    this.#post({ have: this.#known(), forgotten: this.#roster.forgotten });
  }

  /** Posts what others lack, all that they have said since the last time in one message. */
  answer(): void {
    const buffers = this.#known().filter((incarnation) => this.#missing.has(incarnation));
    this.#missing.clear();
    this.#isIntroduced = false;
    this.#postBuffers(buffers);
  }

  #known(): string[] {
    return [...this.#roster.announced.keys()];
  }

  #receive(received: unknown): void {
    let message: GossipMessage | undefined;
    try {
      message = fromReceived(received);
    } catch {
      // Whatever it is, it is none of ours.
    }
    if (message === undefined) return;
    const { buffers = [], have, forgotten = [] } = message;
    for (const announced of buffers) this.#add(announced);
    if (have === undefined) return;
    if (have.some((incarnation) => !this.#roster.knows(incarnation))) this.lacks = true;
    const theirs = new Set([...have, ...forgotten]);
    for (const incarnation of this.#known()) {
      if (!theirs.has(incarnation)) this.#missing.add(incarnation);
    }
    // This thread may end before its next heartbeat, and nobody else have its buffer.
    const [own] = this.#known() as [string];
    if (this.#isIntroduced || !this.#missing.delete(own)) return;
    this.#isIntroduced = true;
    this.#postBuffers([own]);
  }

  #add({ buffer, name }: Announced): void {
    try {
      const memory = this.#open(buffer);
      if (memory !== undefined && this.#roster.add(memory, name) === "refused") this.#onRefused();
    } catch {
      // It is no buffer.
    }
  }

  #postBuffers(incarnations: readonly string[]): void {
    const { announced } = this.#roster;
    const buffers = incarnations.flatMap((incarnation) => {
      const known = announced.get(incarnation);
      return known === undefined ? [] : [{ buffer: known.memory.buffer, name: known.name }];
    });
    if (buffers.length > 0) this.#post({ buffers });
  }

  #post(message: GossipMessage): void {
    try {
      this.#channel.postMessage(toPosted(message));
    } catch {
      // It is closed, or full: the next round says it again.
    }
  }
}
