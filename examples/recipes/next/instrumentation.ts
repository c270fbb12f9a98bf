/** Next calls it once, when the server starts; also for its edge runtime, which has no part in it. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    await (await import("./observability.ts")).observability();
  }
}
