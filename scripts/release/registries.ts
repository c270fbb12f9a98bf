/**
 * Asks the registries whether a version is there already. Neither takes one twice.
 *
 * @module
 */
import { ROOT, run } from "../package/run.ts";

/** What a registry says of a version. */
export type Publication = "published" | "free" | "no answer";

/** The registries that a release goes to. */
export type Registry = "JSR" | "npm";

/** How each is asked, and what it prints where it does not have the package or the version. */
const QUESTIONS = {
  // `--no-config`: in this repository the name is that of the sources themselves.
  JSR: {
    program: Deno.execPath(),
    args: ["info", "--no-config", "--reload", "--minimum-dependency-age=0"],
    prefix: "jsr:",
    missing: /not found|Could not find version/,
  },
  npm: { program: "npm", args: ["view", "--json"], prefix: "", missing: /E404/ },
} as const;

/**
 * Asks a registry for a version.
 *
 * @param env variables to ask with, beside the process's own
 */
export async function ask(
  registry: Registry,
  name: string,
  version: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Publication> {
  const { program, args, prefix, missing } = QUESTIONS[registry];
  try {
    const output = await run(program, [...args, `${prefix}${name}@${version}`], {
      cwd: ROOT,
      env,
      timeoutMs: 30_000,
    });
    // npm has nothing to say of a version that a package of its does not have.
    return output.includes(version) ? "published" : "free";
  } catch (error) {
    return error instanceof Error && missing.test(error.message) ? "free" : "no answer";
  }
}
