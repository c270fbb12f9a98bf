/**
 * What git must say before a version is tagged, and once its tag is pushed.
 *
 * @module
 */
import { ROOT, run } from "../package/run.ts";

/** The branch that versions are released from. */
export const RELEASE_BRANCH = "main";

/** A clone of the repository. */
export class Repository {
  readonly #directory: string;

  /** @param directory the clone's root. Default: the one that this file is in */
  constructor(directory: string = ROOT) {
    this.#directory = directory;
  }

  /** @throws {Error} unless all is committed */
  async mustBeClean(): Promise<void> {
    const changed = await this.#git("status", "--porcelain");
    if (changed !== "") {
      throw new Error(`Cannot release: everything must be committed, it is not:\n${changed}`);
    }
  }

  /** @throws {Error} unless {@linkcode RELEASE_BRANCH} is checked out */
  async mustBeOnBranch(): Promise<void> {
    const branch = await this.#git("branch", "--show-current");
    if (branch !== RELEASE_BRANCH) {
      throw new Error(
        `Cannot release: the branch must be ${RELEASE_BRANCH}, received ${branch || "no branch"}`,
      );
    }
  }

  /** @throws {Error} if the tag exists, here or where `origin` is */
  async mustLack(tag: string): Promise<void> {
    const here = await this.#git("tag", "--list", tag);
    if (here !== "") throw new Error(`Cannot release: the tag ${tag} must not exist yet, it does`);
    if (!(await this.#git("remote")).split("\n").includes("origin")) return;
    const there = await this.#git("ls-remote", "--tags", "origin", `refs/tags/${tag}`);
    if (there !== "") {
      throw new Error(`Cannot release: the tag ${tag} must not exist yet, it does at origin`);
    }
  }

  /** @throws {Error} unless `tag` names what is checked out, and that is on `origin`'s branch */
  async mustBeAt(tag: string): Promise<void> {
    const at = (await this.#git("tag", "--points-at", "HEAD")).split("\n");
    if (!at.includes(tag)) {
      throw new Error(
        `Cannot release: what is checked out must be ${tag}, received ${at.join(", ") || "no tag"}`,
      );
    }
    const branch = `origin/${RELEASE_BRANCH}`;
    const holders = await this.#git("branch", "--remotes", "--contains", "HEAD", "--list", branch);
    if (holders === "") throw new Error(`Cannot release: ${tag} must be on ${branch}, it is not`);
  }

  /** Tags what is checked out, with `message` as it is: a line may begin with "#". */
  async tag(tag: string, message: string): Promise<void> {
    await this.#git("tag", "--annotate", tag, "--cleanup=verbatim", "--message", message);
  }

  async #git(...args: readonly string[]): Promise<string> {
    return (await run("git", args, { cwd: this.#directory })).trim();
  }
}
