import { assertEquals, assertRejects } from "@std/assert";
import { RELEASE_BRANCH, Repository } from "../../scripts/release/repository.ts";
import { run } from "../../scripts/package/run.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

/** A clone with one commit on the release branch, and the bare repository that it came from. */
class Clone implements AsyncDisposable {
  readonly directory: string;
  readonly repository: Repository;
  readonly #folder: TemporaryFolder;

  private constructor(folder: TemporaryFolder) {
    this.#folder = folder;
    this.directory = folder.path;
    this.repository = new Repository(folder.path);
  }

  static async create(): Promise<Clone> {
    const clone = new Clone(await temporaryFolder());
    const origin = `${clone.directory}/.git/origin.git`;
    await clone.git("init", "--quiet", `--initial-branch=${RELEASE_BRANCH}`);
    await clone.git("init", "--quiet", "--bare", origin);
    await clone.git("remote", "add", "origin", origin);
    // Whatever the machine's own configuration says.
    for (
      const [name, value] of Object.entries({
        "user.name": "Test",
        "user.email": "test@example.com",
        "commit.gpgSign": "false",
        "tag.gpgSign": "false",
        // Nothing may go on in the background when a command has ended.
        "maintenance.auto": "false",
      })
    ) await clone.git("config", name, value);
    await clone.git("config", "--file", `${origin}/config`, "receive.autogc", "false");
    await clone.git("commit", "--quiet", "--allow-empty", "--message=One");
    await clone.git("push", "--quiet", "origin", RELEASE_BRANCH);
    return clone;
  }

  git(...args: string[]): Promise<string> {
    return run("git", args, { cwd: this.directory });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#folder[Symbol.asyncDispose]();
  }
}

Deno.test("a committed release branch without the tag can be tagged, with the changes as they are", async () => {
  await using clone = await Clone.create();
  const { repository } = clone;
  await repository.mustBeClean();
  await repository.mustBeOnBranch();
  await repository.mustLack("v1.0.0");
  await repository.tag("v1.0.0", "1.0.0\n\n### Fixed\n\n- A leak.");
  assertEquals(
    await clone.git("tag", "--list", "--format=%(contents)", "v1.0.0"),
    "1.0.0\n\n### Fixed\n\n- A leak.\n",
  );
  await repository.mustBeAt("v1.0.0");
});

Deno.test("a file that is not committed refuses the release, and is named", async () => {
  await using clone = await Clone.create();
  await Deno.writeTextFile(`${clone.directory}/forgotten.ts`, "");
  await assertRejects(() => clone.repository.mustBeClean(), Error, "forgotten.ts");
});

Deno.test("another branch, or none, refuses the release", async () => {
  await using clone = await Clone.create();
  await clone.git("switch", "--quiet", "--create", "wish");
  await assertRejects(() => clone.repository.mustBeOnBranch(), Error, "received wish");
  await clone.git("switch", "--quiet", "--detach");
  await assertRejects(() => clone.repository.mustBeOnBranch(), Error, "received no branch");
});

Deno.test("a tag that exists refuses the release, here or at origin", async () => {
  await using clone = await Clone.create();
  await clone.repository.tag("v1.0.0", "1.0.0");
  await assertRejects(() => clone.repository.mustLack("v1.0.0"), Error, "it does");
  await clone.git("push", "--quiet", "origin", "v1.0.0");
  await clone.git("tag", "--delete", "v1.0.0");
  await assertRejects(() => clone.repository.mustLack("v1.0.0"), Error, "it does at origin");
  await clone.repository.mustLack("v1.0.1");
});

Deno.test("a tag is published only from the commit that it names, if that is on the branch", async () => {
  await using clone = await Clone.create();
  const { repository } = clone;
  await assertRejects(() => repository.mustBeAt("v1.0.0"), Error, "received no tag");
  await clone.git("switch", "--quiet", "--create", "wish");
  await clone.git("commit", "--quiet", "--allow-empty", "--message=Two");
  await repository.tag("v1.0.0", "1.0.0");
  await assertRejects(() => repository.mustBeAt("v0.9.0"), Error, "received v1.0.0");
  await assertRejects(() => repository.mustBeAt("v1.0.0"), Error, "must be on origin/main");
});
