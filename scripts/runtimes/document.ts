import { FEATURES, type Runtime, RUNTIMES, type Skip } from "../../tests/runtimes/matrix.ts";

/** A reason, and all that it keeps from running. */
interface Note {
  readonly number: number;
  readonly reason: string;
  readonly tests: Set<string>;
}

/** Counts the notes as the table first meets them. */
class Notes {
  readonly #byReason = new Map<string, Note>();

  numberOf({ reason, tests }: Skip): number {
    let note = this.#byReason.get(reason);
    if (note === undefined) {
      note = { number: this.#byReason.size + 1, reason, tests: new Set() };
      this.#byReason.set(reason, note);
    }
    for (const name of tests) note.tests.add(name);
    return note.number;
  }

  toString(): string {
    return [...this.#byReason.values()].map(({ number, reason, tests }) => {
      const indent = " ".repeat(`${number}. `.length);
      const list = [...tests].sort().map((name) => {
        const [path, test] = name.split(" > ");
        return `${indent}- \`tests/${path}\`${test === undefined ? "" : `: ${test}`}\n`;
      });
      return `${number}. ${reason[0]!.toUpperCase()}${reason.slice(1)}:\n${list.join("")}`;
    }).join("");
  }
}

/** What a cell says of a feature; `skips` are those of its runtime. */
function cell(folder: string, tested: boolean, skips: readonly Skip[], notes: Notes): string {
  const here = skips.filter(({ tests }) => tests.some((name) => name.startsWith(`${folder}/`)));
  if (here.length === 0) return "yes";
  const numbers = [...new Set(here.map((skip) => notes.numberOf(skip)))];
  return `${tested ? "yes, but" : "not tested"} ${numbers.map((n) => `[${n}]`).join(" ")}`;
}

/**
 * `docs/runtimes.md`: a table of features and runtimes, and what does not run.
 *
 * @param tested the features of which at least one test passed, by runtime
 */
export async function renderMatrix(
  files: readonly string[],
  skips: readonly Skip[],
  tested: ReadonlyMap<Runtime, ReadonlySet<string>>,
): Promise<string> {
  const notes = new Notes();
  const folders = new Set(files.map((file) => file.split("/")[0]!));
  const known = Object.keys(FEATURES).filter((folder) => folders.has(folder));
  const rows = [...new Set([...known, ...folders])].map((folder) => {
    const cells = RUNTIMES.map((runtime) => {
      const here = skips.filter(({ runtimes }) => runtimes.includes(runtime));
      return cell(folder, tested.get(runtime)?.has(folder) ?? false, here, notes);
    });
    return `| ${[FEATURES[folder] ?? folder, "yes", ...cells].join(" | ")} |\n`;
  });
  const header = ["Feature", "Deno", ...RUNTIMES];
  return await format(`# Runtimes

Written by \`deno task runtimes\` from a run of the tests against the packed npm tarball; what is
skipped, and why, stands in \`tests/runtimes/matrix.ts\`.

- "yes": every test of the feature passes;
- "yes, but": all that run pass, the notes name what does not run;
- "not tested": no test of the feature can run there.

workerd runs with the flag \`nodejs_compat\`, which gives it \`setImmediate\`. Without it a message of
a \`MessageChannel\` comes in the same turn there: slices leave timers no turn, and large scrapes may
not end.

There requests end in every way as well (\`scripts/runtimes/workerd\`): hundreds of them, one after the
other and at the same time, answered, thrown, left by the client, with \`ctx.waitUntil(bus.flush())\` and
without, on a bus of the module and on one of their own. Every event that was accepted is delivered,
every span reaches the receiver, each scrape shows all so far, no handler runs in a
request's async context, the last flush says \`true\`. What an async
handler awaits ends with its request if nothing waits for it: a second later that is counted as its
failure. An event that is published where the module is evaluated has the time 0, as all clocks there.

In Chromium and workerd an empty stand-in takes the place of the \`http\` module that
\`@opentelemetry/exporter-prometheus\` imports.

| ${header.join(" | ")} |
|${header.map(() => "---").join("|")}|
${rows.join("")}
## What does not run, and why

${notes}`);
}

/** Lays a document out as `deno fmt` wants it. */
async function format(markdown: string): Promise<string> {
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", "--ext", "md", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { stdout } = await formatter.output();
  return new TextDecoder().decode(stdout);
}
