import type { Random } from "./random.ts";

type Sample = { readonly line: string; readonly index: number };

/** Changes that the readers must notice, each of one line of a scrape. */
export const FAULTS: Readonly<
  Record<string, (sample: Sample, lines: string[], random: Random) => void>
> = {
  value: ({ line, index }, lines) => {
    const space = line.lastIndexOf(" ");
    const value = Number(line.slice(space + 1));
    lines[index] = `${line.slice(0, space)} ${Number.isFinite(value) ? value + 1 || 1 : 1}`;
  },
  label: ({ line, index }, lines) => {
    const space = line.lastIndexOf(" ");
    lines[index] = line.includes("{")
      ? line.replace(/\{/, '{planted="yes",')
      : `${line.slice(0, space)}{planted="yes"}${line.slice(space)}`;
  },
  missing: ({ index }, lines) => void lines.splice(index, 1),
  twice: ({ line, index }, lines) => void lines.splice(index, 0, line),
  malformed: ({ line, index }, lines) => {
    lines[index] = line.replace(/ (\S+)$/, " one$1");
  },
};

/** A scrape with a fault. Large numbers stay as they are if 1 is added: another line is taken. */
export function plant(fault: string, text: string, random: Random): string {
  const lines = text.split("\n");
  const samples = lines.map((line, index) => ({ line, index }))
    .filter(({ line }) => line !== "" && !line.startsWith("#") && / -?\d{1,9}(\.\d+)?$/.test(line));
  const sample = random.pick(samples);
  FAULTS[fault]?.(sample, lines, random);
  return lines.join("\n");
}
