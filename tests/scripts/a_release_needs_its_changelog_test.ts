import { assertEquals, assertThrows } from "@std/assert";
import { changesOf } from "../../scripts/release/changelog.ts";

const CHANGES = "### Fixed\n\n- A leak.\n";

function changelog(heading: string, changes = CHANGES, unreleased = ""): string {
  return `# Changelog\n\n## [Unreleased]\n\n${unreleased}## ${heading}\n\n${changes}\n` +
    "## [0.9.0] - 2026-01-01\n";
}

Deno.test("the newest dated version's changes are those of the release", () => {
  assertEquals(changesOf(changelog("[1.0.0] - 2026-02-03"), "1.0.0"), "### Fixed\n\n- A leak.");
});

Deno.test("another version, no date, no changes or changes left over refuse the release", () => {
  for (
    const [text, rule] of [
      [changelog("[1.1.0] - 2026-02-03"), "received 1.1.0"],
      [changelog("[1.0.0] - Unreleased"), "received Unreleased"],
      [changelog("[1.0.0] - 2026-02-03", "- A leak.\n"), "must have a section"],
      [changelog("[1.0.0] - 2026-02-03", CHANGES, "### Added\n\n- More.\n\n"), "must be empty"],
      [`# Changelog\n\n## [Unreleased]\n\n${CHANGES}`, "that of deno.json, received none"],
      ["# Changelog\n", "must be that of deno.json"],
    ] as const
  ) assertThrows(() => changesOf(text, "1.0.0"), Error, rule);
});
