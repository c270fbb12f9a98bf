import { readdir, readFile } from "node:fs/promises";
import type { LogRecord } from "@busbar/busbar/subscribers";

/** A record whose body is a text. */
export function recordOf(body: string): LogRecord {
  return {
    timestampMs: Date.UTC(2026, 0, 31),
    level: "info",
    severityNumber: 9,
    body,
    attributes: {},
    eventType: "a",
    sessionId: "",
    operationId: "",
  };
}

/** The bodies in the files of a folder, by name, in the order of the names. */
export async function bodiesIn(folder: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const name of (await readdir(folder)).sort()) {
    const text = await readFile(`${folder}/${name}`, "utf8");
    if (!name.endsWith(".jsonl")) continue;
    found[name] = text.split("\n").slice(0, -1).map((line) => JSON.parse(line).body);
    if (text !== "" && !text.endsWith("\n")) throw new Error(`${name} ends within a line: ${text}`);
  }
  return found;
}
