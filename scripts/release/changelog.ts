const DATE = /^\d{4}-\d{2}-\d{2}$/;
const CHANGES = /^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/m;

/**
 * The changes of a version, as CHANGELOG.md has them in the form of Keep a Changelog.
 *
 * @throws {Error} if the version is not the newest there, has no date, or has no changes, or if
 *   "Unreleased" has changes that no version would have
 */
export function changesOf(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const released = sections.filter((section) => !section.startsWith("[Unreleased]"));
  const [newest = ""] = released;
  const [heading = "", ...lines] = newest.split("\n");
  const [, named, date] = /^\[(.+?)\] - (.+)$/.exec(heading) ?? [];
  const refuse = (rule: string, received: string) =>
    new Error(`Cannot release ${version}: CHANGELOG.md's ${rule}, received ${received}`);
  if (named !== version) {
    throw refuse("newest version must be that of deno.json", named ?? (heading || "none"));
  }
  if (!DATE.test(date ?? "")) {
    throw refuse("newest version must have a date, YYYY-MM-DD", date ?? "none");
  }
  const changes = lines.join("\n").trim();
  if (!CHANGES.test(changes)) {
    throw refuse('newest version must have a section such as "### Added"', "none");
  }
  const unreleased = sections.find((section) => section.startsWith("[Unreleased]"));
  const [, ...left] = unreleased?.trim().split("\n") ?? [];
  if (left.length > 0) {
    throw refuse('"Unreleased" must be empty when a version is released', left.join("\n").trim());
  }
  return changes;
}
