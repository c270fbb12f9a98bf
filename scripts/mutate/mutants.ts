/** One deliberate break of a source file. */
export interface Mutant {
  /** The file, from the repository's root. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What was done, such as `<  →  <=`. */
  readonly change: string;
  /** The whole file with the break. */
  readonly text: string;
}

/** Something that can be broken in one place: what is found there, and what stands there instead. */
interface Rule {
  readonly pattern: RegExp;
  readonly replace: (found: string) => string;
}

const swap = (pattern: RegExp, pairs: Readonly<Record<string, string>>): Rule => ({
  pattern,
  replace: (found) => pairs[found] ?? found,
});

/**
 * Bounds, conditions, sums, constants and steps. The sources are formatted, so that an operator has a
 * space on either side and a generic has none, and a statement of its own has lines of its own.
 */
const RULES: readonly Rule[] = [
  swap(/ (?:<=?|>=?) /g, { " < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > " }),
  swap(/ [!=]== /g, { " === ": " !== ", " !== ": " === " }),
  swap(/ (?:&&|\|\|) /g, { " && ": " || ", " || ": " && " }),
  swap(/ [+\-*/] /g, { " + ": " - ", " - ": " + ", " * ": " / ", " / ": " * " }),
  swap(/ [+-]= /g, { " += ": " -= ", " -= ": " += " }),
  swap(/\+\+|--/g, { "++": "--", "--": "++" }),
  swap(/\b(?:true|false)\b(?![?:])/g, { true: "false", false: "true" }),
  swap(/\bMath\.(?:min|max)\b/g, { "Math.min": "Math.max", "Math.max": "Math.min" }),
  {
    pattern: /(?<![\w.#$])\d[\d_]*(?:\.\d+)?(?![\w.])/g,
    replace: (found) => String(Number(found.replaceAll("_", "")) + 1),
  },
  // A step that is left out: a call or an assignment that has a line of its own.
  {
    pattern: /^ {2,}(?:await )?(?:this\.)?[#\w][\w.#?!\[\]]*(?:\(.*\)| [-+]?=(?!=) .*);$/gm,
    replace: (found) => found.replace(/\S.*$/, ";"),
  },
];

/** Text, comments, regular expressions and types, in which nothing is broken. */
const MASKED =
  /\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|(?<=[(,=:?&|!\s])\/(?![/*\s])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|^(?:export )?interface\b[^]*?^\}|^import\b[^]*?;$|^export (?:type )?[{*][^]*?;$|^(?:export )?type\b[^]*?;$/gm;

/** All breaks of a file. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const code = text.replace(MASKED, (found) => found.replace(/[^\n]/g, "\u0000"));
  const mutants: Mutant[] = [];
  for (const { pattern, replace } of RULES) {
    for (const { 0: masked, index } of code.matchAll(pattern)) {
      const found = text.slice(index, index + masked.length);
      const instead = replace(found);
      if (instead === found) continue;
      mutants.push({
        file,
        line: text.slice(0, index).split("\n").length + (found.startsWith("\n") ? 1 : 0),
        change: instead.trim() === ";"
          ? `without ${found.trim()}`
          : `${found.trim()}  →  ${instead.trim()}`,
        text: text.slice(0, index) + instead + text.slice(index + found.length),
      });
    }
  }
  return mutants.sort((one, other) => one.line - other.line);
}

/** So many of a list, spread over it: always the same ones. */
export function sample<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index + 0.5) * items.length / count)] as Item,
  );
}
