/** How long a scrape took, and what has held it up, if that was more than the cores. */
export interface TimedScrape {
  readonly startedMs: number;
  readonly tookMs: number;
  /** Which thread has answered; `""` if it does not say. */
  readonly thread: string;
  /** When that thread had hung last: since the epoch, in milliseconds. */
  readonly hang: readonly [fromMs: number, untilMs: number];
  /** `given up`: no answer came; `refused`: nobody listened, or the connection was ended. */
  readonly failure?: "given up" | "refused" | undefined;
}

/** What held scrapes up. */
export type Cause = "the cores alone" | "a thread that hung" | "given up" | "refused";

/** A scrape that nobody answers for so long is given up. */
const TIMEOUT_MS = 1_000;

/** Scrapes once. @returns no text if there was no answer */
export async function timeScrape(
  url: string,
): Promise<{ readonly scrape: TimedScrape; readonly text?: string }> {
  const begunMs = performance.now();
  const startedMs = performance.timeOrigin + begunMs;
  const taken = () => ({ startedMs, tookMs: performance.now() - begunMs });
  try {
    const response = await fetch(url, {
      headers: { connection: "close" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const { headers } = response;
    const [fromMs = 0, untilMs = 0] = headers.get("torture-hang")?.split(" ").map(Number) ?? [];
    const thread = headers.get("torture-thread") ?? "";
    return { text, scrape: { ...taken(), thread, hang: [fromMs, untilMs] } };
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    const failure = isLate ? "given up" : "refused";
    return { scrape: { ...taken(), thread: "", hang: [0, 0], failure } };
  }
}

/** Sorts scrapes by what has held them up: of hangs the later answers of the same thread tell. */
export function byCause(scrapes: readonly TimedScrape[]): ReadonlyMap<Cause, TimedScrape[]> {
  const hangs = Map.groupBy(scrapes, ({ thread }) => thread);
  return Map.groupBy(scrapes, ({ startedMs, tookMs, thread, failure }): Cause => {
    if (failure !== undefined) return failure;
    const hasHung = hangs.get(thread)?.some(({ hang: [fromMs, untilMs] }) =>
      fromMs < startedMs + tookMs && untilMs > startedMs
    );
    return hasHung ? "a thread that hung" : "the cores alone";
  });
}
