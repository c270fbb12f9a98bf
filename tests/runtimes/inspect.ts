/** What the assertions use of `node:util`, for runtimes that do not have it. */
export function inspect(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
