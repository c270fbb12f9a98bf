import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { run, start } from "../../support/processes.ts";
import { samples } from "../../support/samples.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const MAIN = new URL("../../../examples/kv_cache_server/main.ts", import.meta.url).pathname;
const FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--allow-read", "--allow-write"];
const commandLine = (...args: string[]) => [
  ...["run", "--quiet", ...FLAGS, MAIN, "--port", "0", "--speed", "max"],
  ...args,
];

/** Runs it to its end: what was said of the disk, and the last scrape. */
async function runOn(args: readonly string[], env: Record<string, string> = {}) {
  const all = commandLine("--requests", "20", "--once", ...args);
  const { code, stdout, stderr } = await run(Deno.execPath(), all, { env });
  assertEquals(code, 0, stderr);
  const found = samples(stdout);
  // The rest goes on: L1 serves what it can, and metrics say what is lost.
  assert((found['kv_cache_lookup_chunks_total{result="l1"}'] ?? 0) > 0);
  const lost = found['lmcache_mp_l2_store_failed_objects_chunks_total{l2_name="disk"}'] ?? 0;
  return { said: stderr.split("\n").filter((line) => line.includes("disk tier")), lost };
}

async function assertTold(args: readonly string[], why: string): Promise<void> {
  const { said: [first = "", ...others], lost } = await runOn(args);
  assertStringIncludes(first, `${args.at(-1)}/l2-0.sqlite fails, and the rest goes on: ${why}`);
  assertEquals(others, []);
  assert(lost > 0);
}

Deno.test("--l2-dir is made where there is none", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/not/yet`;
  assertEquals(await runOn(["--l2-dir", path]), { said: [], lost: 0 });
  assert((await Deno.stat(`${path}/l2-0.sqlite`)).size > 0);
});

Deno.test("a file in the place of the directory is told once, and the rest goes on", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeTextFile(path, "");
  await assertTold(["--l2-dir", path], "EEXIST");
});

Deno.test("so is a directory that it may not write to", async () => {
  await assertTold(["--l2-dir", "/proc/busbar"], "");
});

Deno.test("so is a file that is no database, and it stays as it is", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/l2-0.sqlite`;
  const text = "somebody's own ".repeat(100);
  await Deno.writeTextFile(path, text);
  await assertTold(["--l2-dir", folder.path], "file is not a database");
  assertEquals(await Deno.readTextFile(path), text);
});

Deno.test("so is a file that another process has", async () => {
  await using folder = await temporaryFolder();
  const other = new DatabaseSync(`${folder.path}/l2-0.sqlite`);
  try {
    other.exec("PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE chunks (id); BEGIN EXCLUSIVE");
    await assertTold(["--l2-dir", folder.path], "database is locked");
  } finally {
    other.close();
  }
});

Deno.test("one that runs keeps its file to itself", async () => {
  await using folder = await temporaryFolder();
  const args = commandLine("--requests", "0", "--l2-dir", folder.path);
  await using first = start(Deno.execPath(), args);
  await first.printed(/The input has ended/, "stderr");
  await assertTold(["--l2-dir", folder.path], "database is locked");
  first.kill("SIGTERM");
  assertEquals((await first.ended).code, 0);
});

Deno.test("without a temporary directory there is no disk tier", async () => {
  await using folder = await temporaryFolder();
  const { said: [first = "", ...others], lost } = await runOn([], {
    TMPDIR: `${folder.path}/nothing`,
  });
  assertStringIncludes(first, "There is no disk tier, as there is no temporary directory");
  assertStringIncludes(first, "--l2-dir DIR");
  assertEquals(others, []);
  assert(lost > 0);
});

Deno.test("a temporary directory that somebody else removes is no failure", async () => {
  await using folder = await temporaryFolder();
  const env = { TMPDIR: folder.path };
  await using child = start(Deno.execPath(), commandLine("--requests", "50"), { env });
  await child.printed(/The input has ended/, "stderr");
  const [made, ...others] = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  assert(made !== undefined && others.length === 0);
  await Deno.remove(`${folder.path}/${made}`, { recursive: true });
  child.kill("SIGTERM");
  const { code, stderr } = await child.ended;
  assertEquals(code, 0, stderr);
  assert(!stderr.includes("No such file"), stderr);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});
