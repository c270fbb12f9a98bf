import { assertEquals, assertThrows } from "@std/assert";
import { changesOf } from "../../scripts/release.ts";

function changelog(heading: string, changes = "### Fixed\n\n- A leak.\n"): string {
  return `# Changelog\n\n## [Unreleased]\n\n## ${heading}\n\n${changes}\n## [0.9.0] - 2026-01-01\n`;
}

Deno.test("the newest dated version's changes are those of the release", () => {
  assertEquals(changesOf(changelog("[1.0.0] - 2026-02-03"), "1.0.0"), "### Fixed\n\n- A leak.");
});

Deno.test("another version, no date or no changes refuse the release", () => {
  for (
    const [text, rule] of [
      [changelog("[1.1.0] - 2026-02-03"), "received 1.1.0"],
      [changelog("[1.0.0] - Unreleased"), "received Unreleased"],
      [changelog("[1.0.0] - 2026-02-03", "- A leak.\n"), "must have a section"],
      ["# Changelog\n", "must be that of deno.json"],
    ] as const
  ) assertThrows(() => changesOf(text, "1.0.0"), Error, rule);
});
