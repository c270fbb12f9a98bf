/** A moment in the name of a file: `20260131_235959_000000`, UTC. @param timeUs in microseconds */
export function stampOf(timeUs: number): string {
  const microseconds = timeUs % 1_000_000;
  const [date = "", time = ""] = new Date(Math.floor(timeUs / 1_000)).toISOString().split("T");
  return [
    date.replaceAll("-", ""),
    time.slice(0, 8).replaceAll(":", ""),
    String(microseconds).padStart(6, "0"),
  ].join("_");
}

/** Those of the names that {@linkcode stampOf} gave after a prefix, oldest first. */
export function stampedNames(names: readonly string[], prefix: string): string[] {
  return names.filter((name) =>
    name.startsWith(`${prefix}_`) &&
    /^\d{8}_\d{6}_\d{6}\.jsonl$/.test(name.slice(prefix.length + 1))
  ).sort();
}
