import { type BusEvent, EventSubscriber, type Subscriptions } from "@busbar/busbar";

/** Browsers let 64 KiB of beacons and `keepalive` requests be under way at a time. */
const MAX_BATCH_BYTES = 60 * 1024;
/** From so much on it is sent at once, and does not wait for the page to be left. */
const EAGER_BYTES = MAX_BATCH_BYTES / 2;
/** What waits beyond is dropped, and counted: the receiver may be down for hours. */
const MAX_WAITING_BYTES = 4 * MAX_BATCH_BYTES;

interface Line {
  readonly text: string;
  readonly bytes: number;
}

/** What is used of a page. */
const page = globalThis.navigator as unknown as { sendBeacon(url: string, body: string): boolean };

const encoder = new TextEncoder();

/**
 * Delivers a page's events as JSON lines: by `fetch` while the page is there, and by `sendBeacon`
 * when it is hidden or left, which is when exit hooks call `flushSync`. What did not fit is counted,
 * and the next batch says so in a line `{"dropped": 3}`.
 */
export class BeaconSubscriber<Events extends object> extends EventSubscriber<Events> {
  override readonly name = "BeaconSubscriber";
  readonly #url: string;
  #waiting: Line[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #sending: Promise<boolean> | undefined;
  #isReachable = true;

  constructor(url: string) {
    super();
    this.#url = url;
  }

  override getSubscriptions(): Subscriptions<Events> {
    return {};
  }

  override onEvent({ type, timestamp, sessionId, metadata }: BusEvent): void {
    const text = `${JSON.stringify({ type, timestamp, sessionId, metadata })}\n`;
    const { length: bytes } = encoder.encode(text);
    if (bytes > MAX_BATCH_BYTES || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#dropped++;
      return;
    }
    this.#waiting.push({ text, bytes });
    this.#waitingBytes += bytes;
  }

  override onDrain(): void {
    // What could not be sent waits until somebody asks, or the page is hidden.
    if (this.#waitingBytes >= EAGER_BYTES && this.#isReachable) void this.flush();
  }

  /** Sends all of it while the page is there; what fails waits for the next time. */
  override async flush(): Promise<void> {
    // What is under way ends first: lines stay in order.
    await this.#sending;
    this.#sending ??= this.#send().finally(() => this.#sending = undefined);
    this.#isReachable = await this.#sending;
  }

  async #send(): Promise<boolean> {
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) {
      const request = { method: "POST", body: batch.body, keepalive: true };
      const response = await fetch(this.#url, request).catch(() => undefined);
      if (response?.ok) continue;
      this.#putBack(batch);
      return false;
    }
    return true;
  }

  /** The page is hidden, and may never be seen again. */
  override flushSync(): void {
    for (let batch = this.#take(); batch !== undefined; batch = this.#take()) {
      if (!page.sendBeacon(this.#url, batch.body)) return this.#putBack(batch);
    }
  }

  /** As many lines as may be sent at once; `undefined` if there are none. */
  #take(): { lines: Line[]; dropped: number; body: string } | undefined {
    const dropped = this.#dropped;
    if (this.#waiting.length === 0 && dropped === 0) return undefined;
    const report = dropped === 0 ? "" : `${JSON.stringify({ dropped })}\n`;
    let bytes = report.length;
    let count = 0;
    for (const line of this.#waiting) {
      if (bytes + line.bytes > MAX_BATCH_BYTES) break;
      bytes += line.bytes;
      count++;
    }
    const lines = this.#waiting.splice(0, count);
    this.#waitingBytes -= bytes - report.length;
    this.#dropped = 0;
    return { lines, dropped, body: report + lines.map(({ text }) => text).join("") };
  }

  #putBack({ lines, dropped }: { lines: Line[]; dropped: number }): void {
    this.#waiting.unshift(...lines);
    for (const { bytes } of lines) this.#waitingBytes += bytes;
    this.#dropped += dropped;
  }
}
