import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFile } from "node:fs/promises";
import { installed, scriptCommand, start } from "../../support/processes.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const FLOOD = new URL("../../support/programs/flood.ts", import.meta.url);
const LINES = 4_000;
const ignore = !installed("script");

/**
 * Runs the program on a terminal of its own, which `shell` says more about: there `"$@"` is the program,
 * whose standard error goes to the file `told` of the folder. `reader` gets what the terminal shows.
 */
function onTerminal(folder: string, args: readonly string[], shell: string, reader: string) {
  const quoted = scriptCommand(FLOOD, args).map((word) => `'${word}'`).join(" ");
  const terminal = `cd '${folder}'; set -- ${quoted}; ${shell}`;
  return start("/bin/sh", ["-c", `script -qec "$0" /dev/null | { ${reader}; }`, terminal]);
}

/** What the program says of its sink. */
async function statsIn(folder: string) {
  const text = await readFile(`${folder}/told`, "utf8");
  const line = text.split("\n").find((line) => line.startsWith("{"));
  assert(line !== undefined, text);
  const stats = JSON.parse(line);
  return { text, ...stats as { accepted: number; dropped: number; pending: number } };
}

Deno.test({
  name: "a terminal whose size changes all the time shows each line, whole",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const resized = `stty cols 20 -echo -onlcr; "$@" 2> told & pid=$!; sizes=0
      while kill -0 $pid 2> /dev/null; do
        sizes=$((sizes + 1)); stty cols $((20 + sizes % 200)) rows $((5 + sizes % 50))
      done
      wait $pid; echo "code $? sizes $sizes" > ended`;
    // It goes on until there is a file that is never missing.
    await using child = onTerminal(folder.path, [String(LINES), "/dev/null"], resized, "cat");
    const { stdout } = await child.ended;
    const ended = await readFile(`${folder.path}/ended`, "utf8");
    assertStringIncludes(ended, "code 3");
    assert(Number(ended.split("sizes ")[1]) > 2, ended);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const { accepted, dropped, pending } = await statsIn(folder.path);
    assertEquals([accepted + dropped, pending], [LINES, 0]);
    assertEquals(lines.filter(({ eventType }) => eventType === "line").length, accepted);
  },
});

Deno.test({
  name: "a terminal that stands still holds up neither a program nor its end",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const ended = '"$@" 2> told; echo "code $?" > ended';
    const neverReads = `while [ ! -e '${folder.path}/ended' ]; do sleep 0.05; done`;
    await using child = onTerminal(folder.path, ["20000"], ended, neverReads);
    await child.ended;
    assertEquals(await readFile(`${folder.path}/ended`, "utf8"), "code 3\n");
    const { text, accepted, dropped, pending } = await statsIn(folder.path);
    assertEquals(accepted + dropped, 20_000);
    assert(dropped > 0 && pending > 0, text);
    // Some may still have gone out at the end.
    const told = /busbar: jsonLinesSink cannot write all lines, (\d+) wait: the output is full/;
    const waiting = Number(told.exec(text)?.[1]);
    assert(waiting > 0.9 * pending && waiting <= pending, text);
  },
});

Deno.test({
  name:
    "what a slow terminal takes at the end of a program are whole lines, and all others are told",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const ended = 'stty -echo -onlcr; "$@" 2> told; echo "code $?" > ended';
    const slow = `while [ ! -e '${folder.path}/ended' ]; do head -c 3001; sleep 0.01; done; cat`;
    await using child = onTerminal(folder.path, [String(LINES)], ended, slow);
    const { stdout } = await child.ended;
    // The last one may be cut.
    const lines = stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    const shown = lines.flatMap(({ attributes: { i } }) => i === undefined ? [] : [i]);
    assertEquals(shown, [...new Set(shown)].toSorted((a, b) => a - b));
    const { text, dropped, pending } = await statsIn(folder.path);
    const told = /cannot write all lines, (\d+) wait/.exec(text)?.[1];
    assert(pending > 0, text);
    assertEquals(shown.length + dropped + Number(told ?? 0), LINES, text);
  },
});
