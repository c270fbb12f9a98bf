import { EventSubscriber } from "../../bus/event_subscriber.ts";
import type { Subscriptions } from "../../events/event_map.ts";
import type { EventBus } from "../../library/event_bus.ts";
import { LOSSES, LOSSES_START } from "./format.ts";
import { createLedger, LOSS_NAMES } from "./ledger.ts";
import type { MemoryWriter } from "./memory_writer.ts";

type Losses = Record<keyof typeof LOSSES, number>;
/** What earlier memories tell of a bus that is observed again. */
const toldBefore = new WeakMap<object, Losses>();

type Publish = (...args: unknown[]) => boolean;
/** Where it is written what is accepted. */
const ACCEPTED = LOSSES_START + LOSSES.accepted;
/** How many slices in a row may end amid an event before one is shown all the same. */
const MAX_SKIPPED_SLICES = 8;

/**
 * Keeps a bus's ledger in a thread's memory: `publish` writes what is accepted, and what is delivered
 * shows together with the sums of the slice that delivered it. Registered, it shows at a flush and a
 * shutdown what came since.
 */
export class BusLedger extends EventSubscriber<object> {
  override readonly name: string = "BusLedger";
  readonly #bus: EventBus<object>;
  readonly #writer: MemoryWriter;
  readonly #float64: Float64Array;
  /** What the bus has lost, as far as it is written. */
  #lost = 0;
  #evicted = 0;
  #shutdown = 0;
  #queueFull = 0;
  /** Whether something was lost in a way that only the bus's own ledger knows. */
  #isStale = false;
  #skipped = 0;
  /** Whether an accepted event may be one that an older one was evicted for. */
  readonly #mayEvict: boolean;

  /** What is told of the bus by other memories. */
  readonly #before: Losses;

  /** @param mayEvict whether the bus's policy may be `"drop-oldest"` */
  constructor(bus: EventBus<object>, writer: MemoryWriter, mayEvict: boolean) {
    super();
    this.#bus = bus;
    this.#writer = writer;
    this.#float64 = writer.memory.float64;
    this.#mayEvict = mayEvict;
    this.#before = toldBefore.get(bus) ?? createLedger();
    writer.endSlice = this.#endSlice;
    this.#readLedger();
  }

  override getSubscriptions(): Subscriptions<object> {
    return {};
  }

  /** Has `publish` write what it accepts, until it is disposed: from then on it says nothing more. */
  attach(): Disposable {
    const bus = this.#bus as { publish: Publish };
    const { publish } = bus;
    const float64 = this.#float64;
    const mayEvict = this.#mayEvict;
    let isAttached = true;
    const counting: Publish = (type, metadata, init) => {
      const isAccepted = publish.call(bus, type, metadata, init);
      if (!isAttached) return isAccepted;
      if (isAccepted) float64[ACCEPTED]!++;
      if (!isAccepted || mayEvict) this.#countLoss(isAccepted);
      return isAccepted;
    };
    bus.publish = counting;
    return {
      [Symbol.dispose]: () => {
        isAttached = false;
        toldBefore.set(bus, this.#told());
        // Somebody else may have wrapped it since.
        if (bus.publish === counting) delete (bus as Partial<typeof bus>).publish;
      },
    };
  }

  #countLoss(isAccepted: boolean): void {
    const { droppedEventsCount } = this.#bus;
    const lost = droppedEventsCount - this.#lost;
    if (lost === 0 && isAccepted) return;
    this.#lost = droppedEventsCount;
    if (isAccepted) this.#writeLoss("evicted", this.#evicted += lost);
    else if (lost === 1) this.#writeLoss("queueFull", ++this.#queueFull);
    else this.#isStale = true;
  }

  #writeLoss(name: keyof typeof LOSSES, count: number): void {
    this.#float64[LOSSES_START + LOSSES[name]] = count;
  }

  /** Shows the slice: called when the metrics have counted what is in it. */
  readonly #endSlice = (): void => {
    const queued = this.#bus.queueDepth;
    if (queued > 0 && this.#skipped < MAX_SKIPPED_SLICES && this.#bus.stats().pending > queued) {
      // An event has reached some of its handlers: it shows with the next slice.
      this.#skipped++;
      return;
    }
    this.#skipped = 0;
    if (this.#isStale) this.#readLedger();
    const accepted = this.#float64[ACCEPTED] as number;
    this.#writer.delivered[0] = Math.max(0, accepted - queued - this.#evicted - this.#shutdown);
    this.#writer.commit();
  };

  /** Whether an event has reached some of its handlers: the slice shows it with what they count. */
  get isAmidEvent(): boolean {
    return this.#bus.stats().pending > this.#bus.queueDepth;
  }

  /** Shows what was touched beside the slices, unless an event is being dispatched. */
  commit(): void {
    if (this.isAmidEvent) return;
    this.#readLedger();
    this.#writer.commit();
  }

  override flush(): void {
    this.commit();
  }

  override shutdown(): void {
    this.commit();
  }

  #readLedger(): void {
    const { accepted, delivered, rejected, dropped } = this.#bus.stats();
    const before = this.#before;
    this.#isStale = false;
    this.#lost = this.#bus.droppedEventsCount;
    this.#evicted = dropped.evicted - before.evicted;
    this.#shutdown = dropped.shutdown - before.shutdown;
    this.#queueFull = rejected.queue_full - before.queueFull;
    // What was pending then is lost, as those memories tell it.
    const deliveredBefore = before.accepted - before.evicted - before.shutdown;
    this.#writer.delivered[0] = Math.max(0, delivered - deliveredBefore);
    this.#writeLoss("accepted", accepted - before.accepted);
    this.#writeLoss("evicted", this.#evicted);
    this.#writeLoss("shutdown", this.#shutdown);
    this.#writeLoss("queueFull", this.#queueFull);
    this.#writeLoss("stopped", rejected.stopped - before.stopped);
    this.#writeLoss("reserved", rejected.reserved - before.reserved);
  }

  /** What this memory and earlier ones tell together. */
  #told(): Losses {
    const told = { ...this.#before };
    for (const name of LOSS_NAMES) {
      told[name] += this.#float64[LOSSES_START + LOSSES[name]] as number;
    }
    return told;
  }
}
