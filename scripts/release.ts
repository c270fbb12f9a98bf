/**
 * Checks that what is here can be released, and with `--yes` tags it. It publishes nothing: once
 * the tag is pushed, `.github/workflows/release.yml` does.
 *
 * There it runs with `--tag=<name>`, and checks that the tag, which now exists, is the right one.
 *
 * @module
 */
import { checkPack } from "./check_pack.ts";
import { project } from "./package/manifest.ts";
import { ROOT, run, say, step } from "./package/run.ts";
import { changesOf } from "./release/changelog.ts";
import { ask, type Registry } from "./release/registries.ts";
import { RELEASE_BRANCH, Repository } from "./release/repository.ts";

const { name, version } = project;

const TAG = `v${version}`;

/** What the command line asks for. */
type Mode = "dry run" | "tag it" | "tagged";

function parse(args: readonly string[]): Mode {
  const [flag, ...others] = args;
  if (flag === undefined) return "dry run";
  if (others.length === 0) {
    if (flag === "--yes") return "tag it";
    if (flag === `--tag=${TAG}`) return "tagged";
    if (flag.startsWith("--tag=")) {
      throw new Error(`Cannot release: the tag must be ${TAG}, received ${flag.slice(6)}`);
    }
  }
  throw new Error(
    `Cannot release: arguments must be none, --yes or --tag=${TAG}, received ${args.join(" ")}`,
  );
}

async function mustNotBePublished(registry: Registry): Promise<void> {
  const answer = await ask(registry, name, version);
  if (answer === "published") {
    throw new Error(`Cannot release: ${version} must not be on ${registry} yet, it is`);
  }
  // It is no reason to stop: a registry refuses a version that it has, or leaves it as it is.
  if (answer === "no answer") say(`    ${registry} does not answer whether it has ${version}`);
}

/** Runs a step to its end even if it fails, so that all that is wrong is printed at once. */
async function tried(name: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await step(name, work);
    return true;
  } catch (error) {
    say(`NO  ${name}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

async function release(mode: Mode): Promise<boolean> {
  say(`${mode === "dry run" ? "Dry run of the release" : "Release"} of ${name} ${version}`);
  const repository = new Repository();
  let changes = "";
  const results = [
    await tried("changelog", async () => {
      changes = changesOf(await Deno.readTextFile(`${ROOT}CHANGELOG.md`), version);
    }),
    await tried("all is committed", () => repository.mustBeClean()),
    ...mode === "tagged" ? [await tried("tag", () => repository.mustBeAt(TAG))] : [
      await tried("branch", () => repository.mustBeOnBranch()),
      await tried("tag", () => repository.mustLack(TAG)),
      await tried("ask JSR", () => mustNotBePublished("JSR")),
      await tried("ask npm", () => mustNotBePublished("npm")),
    ],
    await tried(
      "publish to JSR, dry run",
      () => run(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty"]),
    ),
    await tried("check the npm package", checkPack),
  ];
  if (results.includes(false)) return false;
  if (mode === "tagged") return true;
  if (mode === "tag it") {
    await repository.tag(TAG, `${version}\n\n${changes}`);
    say(`\nTagged ${TAG}. Push it, and CI publishes:`);
  } else say("\nAll is well. Run `deno task release --yes` to tag it, and push the tag:");
  say(`  git push --atomic origin ${RELEASE_BRANCH} ${TAG}`);
  return true;
}

try {
  if (!await release(parse(Deno.args))) Deno.exitCode = 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  Deno.exitCode = 1;
}
