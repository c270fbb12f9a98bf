import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFile, writeFile } from "node:fs/promises";
import { installed, scriptCommand, start } from "../../support/processes.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const FLOOD = new URL("../../support/programs/flood.ts", import.meta.url);
const LINES = 10_000;

/** Runs the program in a pipeline of a shell, in which `"$@"` is the program and `$0` a file. */
function pipeline(
  shell: string,
  file: string,
  args: readonly string[],
  permissions?: readonly string[],
) {
  return start("/bin/sh", ["-c", shell, file, ...scriptCommand(FLOOD, args, permissions)]);
}

/** What the program says of its sink. */
function statsIn(stderr: string) {
  const line = stderr.split("\n").find((line) => line.startsWith("{"));
  assert(line !== undefined, stderr);
  const stats = JSON.parse(line);
  return stats as { accepted: number; dropped: number; failed: number; pending: number };
}

const NEVER_READS = 'while [ ! -e "$0" ]; do sleep 0.05; done';

Deno.test("a reader that never reads keeps no process, nor its end, from going on", async () => {
  await using folder = await temporaryFolder();
  const ended = `{ "$@"; echo "code $?" >&2; touch "$0"; } | ${NEVER_READS}`;
  await using child = pipeline(ended, `${folder.path}/ended`, [String(LINES)]);
  const { stderr } = await child.ended;
  assertStringIncludes(stderr, "code 3");
  const { accepted, dropped, failed, pending } = statsIn(stderr);
  assertEquals([accepted + dropped, failed], [LINES, 0]);
  // 1 MiB waits, and what the pipe has taken.
  assert(pending > 2_500 && pending <= accepted && accepted < 5_000, stderr);
  assertStringIncludes(stderr, "busbar: jsonLinesSink drops lines, ");
  assertStringIncludes(stderr, `busbar: jsonLinesSink cannot write all lines, ${pending} wait`);
});

/** How lines are read that wait first. */
interface LateRead {
  /** The pipeline, in which lines go to the file `got`. Default: a reader begins late. */
  readonly shell?: (got: string) => string;
  /** What the program is given, which ends once the file `go` is there. Default: it logs `LINES`. */
  readonly args?: (go: string) => string[];
  /** Deno's flags. Default: it may do everything. */
  readonly permissions?: (folder: string) => readonly string[];
  /** What the program says when all wait. */
  readonly until?: RegExp;
}

/** The records that have come once they are read, and what the program said. */
async function readLate({
  shell = (got) => `"$@" | { ${NEVER_READS}; cat > "${got}"; }`,
  args = (go) => [String(LINES), go, "end"],
  permissions,
  until = /flooded\n/,
}: LateRead) {
  await using folder = await temporaryFolder();
  const [go, got] = [`${folder.path}/go`, `${folder.path}/got`];
  await using child = pipeline(shell(got), go, args(go), permissions?.(folder.path));
  await child.printed(until, "stderr");
  await writeFile(go, "");
  const { code, stderr } = await child.ended;
  assertEquals(code, 0, stderr);
  const text = await readFile(got, "utf8");
  return { records: text.trim().split("\n").map((line) => JSON.parse(line)), stderr };
}

/** Each line that was accepted is there once, and no other. */
function assertOnce({ records, stderr }: Awaited<ReturnType<typeof readLate>>): void {
  const lines = records.filter(({ eventType }) => eventType === "line")
    .map(({ attributes }) => attributes.i);
  assertEquals([lines.length, new Set(lines).size], Array(2).fill(statsIn(stderr).accepted));
}

const PERMISSIONS: [what: string, permissions: (folder: string) => readonly string[]][] = [
  ["", () => ["--allow-all"]],
  // It writes in another way where it may not open its output once more.
  [", with few permissions too", (folder) => [`--allow-read=${folder}`]],
];

for (const [what, permissions] of PERMISSIONS) {
  Deno.test(`a reader that goes on gets what waited, and how much is missing${what}`, async () => {
    const { records, stderr } = await readLate({ permissions });
    const told = records.filter(({ eventType }) => eventType === "bus:logs_dropped");
    const missing = told.reduce((sum, { attributes }) => sum + attributes.dropped, 0);
    const { accepted, dropped, pending } = statsIn(stderr);
    assertEquals([accepted, missing, pending], [LINES - dropped, dropped, 0]);
    assert(missing > 0, stderr);
    const lines = records.filter(({ eventType }) => eventType === "line");
    assertEquals(lines.length, accepted);
    // What tells of trouble is dropped last.
    assertEquals(lines.filter(({ level }) => level === "warn").length, LINES / 100);
  });
}

Deno.test({
  name: "in a pipe that somebody else has writes return from, each line comes once",
  ignore: !installed("python3"),
  fn: async () => {
    // As a parent on Node has it, for one.
    const nonBlocking = "python3 -c 'import os; os.set_blocking(1, False)'";
    assertOnce(
      await readLate({
        shell: (got) => `{ ${nonBlocking}; "$@"; } | { ${NEVER_READS}; cat > "${got}"; }`,
        permissions: (folder) => [`--allow-read=${folder}`],
      }),
    );
  },
});

Deno.test("lines that are longer than what a pipe takes whole arrive whole, each once", async () => {
  const { records } = await readLate({ args: (go) => ["40", go, "end", "10000"] });
  assertEquals(
    records.map(({ attributes }) => attributes.i),
    Array.from({ length: 40 }, (_, i) => i),
  );
});

Deno.test("where nobody reads any more, lines are dropped, counted and told", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/gone`;
  const shell = '{ "$@"; echo "code $?" >&2; } | { head -1; touch "$0"; }';
  await using child = pipeline(shell, file, [String(LINES), file, "end"]);
  const { stdout, stderr } = await child.ended;
  assertEquals(JSON.parse(stdout).attributes.i, 0);
  assertStringIncludes(stderr, "code 0");
  assertStringIncludes(stderr, "; nobody reads them: they are dropped");
  const { accepted, dropped, pending } = statsIn(stderr);
  assertEquals([accepted + dropped, pending], [LINES, 0]);
  assert(dropped > LINES / 2, stderr);
});

Deno.test("what a full disk does not take is told, and ends no process", async () => {
  await using child = pipeline('"$@" > /dev/full', "sh", [String(LINES)]);
  const { code, stderr } = await child.ended;
  const { accepted, dropped, pending } = statsIn(stderr);
  assertEquals([code, accepted + dropped, pending], [3, LINES, accepted]);
  assertStringIncludes(stderr, `busbar: jsonLinesSink cannot write all lines, ${pending} wait: `);
});

Deno.test({
  name: "a file that takes a part, and the rest only later, has each line once",
  ignore: !installed("prlimit"),
  fn: async () => {
    // Beyond 50 KiB a write fails, until that is lifted.
    const shell = (got: string) =>
      `trap "" XFSZ; ulimit -S -f 100; "$@" > "${got}" & pid=$!
      ${NEVER_READS}; prlimit --pid $pid --fsize=unlimited && touch "$0.on"; wait $pid`;
    const args = (go: string) => [String(LINES), `${go}.on`, "end"];
    assertOnce(await readLate({ shell, args, until: /they are tried again\n/ }));
  },
});

Deno.test("a closed output ends no process", async () => {
  await using child = pipeline('"$@" >&-', "sh", [String(LINES)]);
  const { code, stderr } = await child.ended;
  assertEquals([code, statsIn(stderr).failed], [3, 0]);
});
