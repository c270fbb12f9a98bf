import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseArguments } from "../../scripts/again/arguments.ts";
import { busyCores } from "../../scripts/again/busy_cores.ts";
import { FailureTable } from "../../scripts/again/failure_table.ts";
import { runAgain } from "../../scripts/again/run_again.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

/** Fails every second time that it runs; `folder` has its memory. */
const flaky = (folder: string) => `
Deno.test("every second time <it> fails", () => {
  const path = ${JSON.stringify(`${folder}/memory`)};
  const runs = Deno.readTextFileSync(path).length;
  Deno.writeTextFileSync(path, "x", { append: true });
  if (runs % 2 === 1) throw new Error("the " + runs + "th & last");
});
Deno.test("steps are named", async (t) => {
  await t.step("the broken one", () => { throw new Error("in the step"); });
});
`;

const FILES: Readonly<Record<string, string>> = {
  "sound_test.ts": `Deno.test("all is well", () => {});\n`,
  "uncaught_test.ts": `Deno.test("no fault of mine", () => {});\nthrow new Error("at the top");\n`,
  "dying_test.ts": `Deno.test("ends it all", () => Deno.kill(Deno.pid, "SIGKILL"));\n`,
};

async function failuresOf(
  names: readonly string[],
  options: { times: number; each: boolean },
): Promise<{ table: string; lines: string[] }> {
  await using folder = await temporaryFolder();
  const files: string[] = [];
  await Deno.writeTextFile(`${folder.path}/memory`, "");
  for (const [name, text] of Object.entries({ ...FILES, "flaky_test.ts": flaky(folder.path) })) {
    await Deno.writeTextFile(`${folder.path}/${name}`, text);
    if (names.includes(name)) files.push(`${folder.path}/${name}`);
  }
  const lines: string[] = [];
  const table = await runAgain(files, { ...options, say: (line) => lines.push(line) });
  const clean = (text: string) => text.replace(/\S*busbar-\w+\//g, "").replace(/[\d.]+ s/g, "? s");
  return { table: clean(String(table)), lines: lines.map(clean) };
}

Deno.test("what fails now and then is counted, with the first error, and stops nothing", async () => {
  const { table, lines } = await failuresOf(["sound_test.ts", "flaky_test.ts"], {
    times: 5,
    each: false,
  });
  assertEquals(table.split("\n").slice(0, 3), [
    "5 of 5  flaky_test.ts > steps are named > the broken one",
    "2 of 5  flaky_test.ts > every second time <it> fails",
    "",
  ]);
  assertStringIncludes(
    table,
    "\nflaky_test.ts > every second time <it> fails\nin run 2: Error: the 1th & last\n",
  );
  assertEquals(
    lines,
    [1, 2, 3, 4, 5].map((run) => `${run}/5 ${run % 2 === 0 ? 2 : 1} failed (? s)`),
  );
});

Deno.test("an error outside of a test, and a run that dies, count as well", async () => {
  const { table, lines } = await failuresOf(
    ["sound_test.ts", "uncaught_test.ts", "dying_test.ts"],
    {
      times: 2,
      each: true,
    },
  );
  assertEquals(lines, [
    "sound_test.ts ok (? s each)",
    "uncaught_test.ts failed 2 of 2 times (? s each)",
    "dying_test.ts failed 2 of 2 times (? s each)",
  ]);
  assertEquals(table.split("\n").slice(0, 3), [
    "2 of 2  uncaught_test.ts > (an uncaught error)",
    "2 of 2  dying_test.ts > (the run)",
    "",
  ]);
  assertStringIncludes(table, "in run 1: error: (in promise) Error: at the top");
  assertStringIncludes(table, "in run 1: It ended with code null");
});

Deno.test("where nothing fails, the table is empty", async () => {
  const { table } = await failuresOf(["sound_test.ts"], { times: 1, each: false });
  assertEquals(table, "");
  assertEquals(new FailureTable().size, 0);
});

Deno.test("cores are busy until the end of the scope", async () => {
  const isAlive = (id: number) => {
    try {
      Deno.kill(id, "SIGCONT");
      return true;
    } catch {
      return false;
    }
  };
  let ids: readonly number[];
  {
    await using load = await busyCores(2);
    ids = load.processIds;
    assertEquals(ids.map(isAlive), [true, true]);
  }
  assertEquals(ids.map(isAlive), [false, false]);
});

Deno.test("the command line says how often, how and what", () => {
  assertEquals(parseArguments(["30"]), { times: 30, busy: false, each: false, filter: "" });
  assertEquals(parseArguments(["--each", "100", "bus/", "--busy"]), {
    times: 100,
    busy: true,
    each: true,
    filter: "bus/",
  });
  for (const args of [[], ["0"], ["bus/"], ["3", "--bussy"], ["3", "a", "b"]]) {
    assertThrows(() => parseArguments(args), TypeError, `received ${args.join(" ")}`);
  }
});
