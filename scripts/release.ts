/**
 * Checks that what is here can be released, and with `--yes` tags it. It publishes nothing: the tag
 * does, or whoever runs the commands that it prints.
 *
 * @module
 */
import { checkPack } from "./check_pack.ts";
import { project } from "./package/manifest.ts";
import { ROOT, run, say, step } from "./package/run.ts";

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The changes of a version, as CHANGELOG.md tells them in the form of Keep a Changelog.
 *
 * @throws {Error} if the version is not the newest there, has no date, or has no changes
 */
export function changesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const released = sections.filter((section) => !section.startsWith("[Unreleased]"));
  const [newest = ""] = released;
  const [heading = "", ...lines] = newest.split("\n");
  const [, named, date] = /^\[(.+?)\] - (.+)$/.exec(heading) ?? [];
  const refuse = (rule: string, received: string) =>
    new Error(`Cannot release ${version}: CHANGELOG.md's newest ${rule}, received ${received}`);
  if (named !== version) {
    throw refuse("version must be that of deno.json", named ?? `"${heading}"`);
  }
  if (!DATE.test(date ?? "")) throw refuse("version must have a date, YYYY-MM-DD", date ?? "none");
  const changes = lines.join("\n").trim();
  if (!/^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/m.test(changes)) {
    throw refuse('version must have a section such as "### Added"', "none");
  }
  return changes;
}

async function checkTree(tag: string): Promise<void> {
  const changed = await run("git", ["status", "--porcelain"]);
  if (changed !== "") {
    throw new Error(`Cannot release: everything must be committed, it is not:\n${changed}`);
  }
  if ((await run("git", ["tag", "--list", tag])).trim() !== "") {
    throw new Error(`Cannot release: the tag ${tag} must not exist yet, it does`);
  }
}

/** Runs a step of a dry run to its end even if it fails, so that all that is wrong is told. */
async function tried(name: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await step(name, work);
    return true;
  } catch (error) {
    say(`NO  ${name}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

async function release(tagIt: boolean): Promise<boolean> {
  const { version } = project;
  const tag = `v${version}`;
  say(`${tagIt ? "Release" : "Dry run of the release"} of ${project.name} ${version}`);
  let changes = "";
  const results = [
    await tried("changelog", async () => {
      changes = changesOf(await Deno.readTextFile(`${ROOT}CHANGELOG.md`), version);
    }),
    await tried("clean tree", () => checkTree(tag)),
    await tried(
      "publish to JSR, dry run",
      () => run(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty"]),
    ),
    await tried("check the npm package", checkPack),
  ];
  if (results.includes(false)) return false;
  if (tagIt) {
    await run("git", ["tag", "--annotate", tag, "--message", `${version}\n\n${changes}`]);
    say(`\nTagged ${tag}. Now:`);
  } else say("\nAll is well. Run `deno task release --yes` to tag it, and then:");
  say(`  git push origin ${tag}\n  deno publish\n  npm publish npm/busbar.tgz --access public`);
  return true;
}

if (import.meta.main && !await release(Deno.args.includes("--yes"))) Deno.exitCode = 1;
