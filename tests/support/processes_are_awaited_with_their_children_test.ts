import { assertEquals } from "@std/assert";
import { run, start } from "./processes.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Leaves a process behind that goes on until there is a file `go`, and writes to `late` then. */
const LEAVES_A_CHILD = "(while [ ! -e go ]; do sleep 0.01; done; echo late > late) & echo gone";

Deno.test("a process has ended when what it has left behind has ended too", async () => {
  await using folder = await temporaryFolder();
  await using child = start("sh", ["-c", `cd ${folder.path}; ${LEAVES_A_CHILD}`]);
  await child.printed(/gone\n/);
  await Deno.writeTextFile(`${folder.path}/go`, "");
  assertEquals(await child.ended, { code: 0, stdout: "gone\n", stderr: "" });
  assertEquals(await Deno.readTextFile(`${folder.path}/late`), "late\n");
});

Deno.test("what is printed is awaited, or the end without it", async () => {
  await using child = start("sh", ["-c", "echo one; echo two >&2"]);
  assertEquals((await child.printed(/t(.)o/, "stderr"))[1], "w");
  const error = await child.printed(/three/).catch((error: Error) => error.message);
  assertEquals(error, "It ended with code 0 before it printed /three/: one\ntwo\n");
});

Deno.test("the end of a scope ends what still runs", async () => {
  const child = start("sh", [
    "-c",
    "trap 'echo ending; exit 3' TERM; echo up; while :; do sleep 0.01; done",
  ]);
  {
    await using _ = child;
    await child.printed(/up\n/);
  }
  assertEquals(await child.ended, { code: 3, stdout: "up\nending\n", stderr: "" });
});

Deno.test("a program that is not there is said to be missing", async () => {
  const error = await run("no-such-program", []).catch((error: { code: string }) => error.code);
  assertEquals(error, "ENOENT");
});
