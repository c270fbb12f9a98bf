import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { REPOSITORY_URL } from "../../scripts/package/manifest.ts";

const ROOT = new URL("../../", import.meta.url);

async function* pagesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) yield* pagesIn(`${folder}${name}/`);
    else if (name.endsWith(".md")) yield folder + name;
  }
}

/** `deno task test:runtimes` writes and checks it. */
const WRITTEN_BY_A_TASK = "docs/runtimes.md";

/** The pages that people write, by their paths from the root; a changelog may name what is gone. */
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "examples/README.md",
  ...(await Array.fromAsync(pagesIn("docs/"))).filter((page) => page !== WRITTEN_BY_A_TASK),
];

/** `text` of each page without its snippets, where `#` is no heading. */
const texts = new Map(
  await Promise.all(PAGES.map(async (page): Promise<[string, string]> => {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    return [page, text.replace(/^```[^]*?^```/gm, "")];
  })),
);

/** The anchors of a page's headings, as they are linked to. */
function anchorsOf(page: string): string[] {
  const headings = texts.get(page)?.match(/^#+ .*/gm) ?? [];
  return headings.map((heading) =>
    heading.replace(/^#+ /, "").toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

/** What each page names by `pattern`, and `isThere` does not know, as `page: name`. */
async function missing(
  pattern: RegExp,
  isThere: (name: string, page: string) => boolean | Promise<boolean>,
): Promise<string[]> {
  let [found, lost]: [number, string[]] = [0, []];
  for (const [page, text] of texts) {
    for (const [, name] of text.matchAll(pattern)) {
      found++;
      if (!await isThere(name!, page)) lost.push(`${page}: ${name}`);
    }
  }
  assert(found > 0, `nothing matches ${pattern}`);
  return lost;
}

Deno.test("what a page links to exists, with its heading", async () => {
  assertEquals(
    await missing(/\]\(((?!https?:)[^)\s]+)\)/g, async (link, page) => {
      const [path, anchor] = link.split("#") as [string, string?];
      const target = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      if (!await exists(target)) return false;
      return anchor === undefined ||
        anchorsOf(target.href.slice(ROOT.href.length)).includes(anchor);
    }),
    [],
  );
});

Deno.test("what a page links to in the repository exists, wherever the page is read", async () => {
  const links = new RegExp(`\\]\\(${REPOSITORY_URL}/(?:blob|tree|raw)/main/([^)\\s#]+)\\)`, "g");
  assertEquals(await missing(links, (path) => exists(new URL(path, ROOT))), []);
  // npm and JSR show the README, and have no other page.
  const readme = texts.get("README.md") as string;
  assertEquals([...readme.matchAll(/\]\((?!https:|#)[^)]*\)/g)].map(([link]) => link), []);
});

Deno.test("a file that a page names exists", async () => {
  const inFolders = /`((?:src|tests|scripts|examples|bench|docs|\.ci|\.github)\/[^`\s*…]*)`/g;
  assertEquals(await missing(inFolders, (path) => exists(new URL(path, ROOT))), []);
  // docs/design.md names tests by their paths under tests/.
  const tests = /`(?!tests\/)(\w+\/[\w/]*_test\.ts)`/g;
  assertEquals(await missing(tests, (path) => exists(new URL(`tests/${path}`, ROOT))), []);
});

Deno.test("a task that a page names exists", async () => {
  assertEquals(await missing(/\bdeno task ([a-z:]+)/g, (task) => task in config.tasks), []);
});

Deno.test("every page of the documentation is reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const page of reached) {
    for (const [, link] of texts.get(page)?.matchAll(/\]\(([^)\s#]+)[^)]*\)/g) ?? []) {
      const inRepository = link!.startsWith(`${REPOSITORY_URL}/blob/main/`)
        ? link!.slice(`${REPOSITORY_URL}/blob/main/`.length)
        : new URL(link!, new URL(page, ROOT)).href.slice(ROOT.href.length);
      if (texts.has(inRepository)) reached.add(inRepository);
    }
  }
  assertEquals(PAGES.filter((page) => page.startsWith("docs/") && !reached.has(page)), []);
});
