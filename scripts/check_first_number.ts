/**
 * Follows the section "Your first number" of docs/getting-started.md word by word, as somebody does
 * who has Node and the packed tarball alone: with an empty home directory, and no cache. Fails where
 * the number does not show in a browser, or not within a minute.
 *
 * @module
 */
import { findChromium } from "../tests/support/browser.ts";
import { exists, ROOT, run, say } from "./package/run.ts";
import { pack } from "./pack.ts";
import { BUSBAR } from "./package/packages.ts";
import { installTools, tools } from "./package/tools.ts";

const PAGE = `${ROOT}docs/getting-started.md`;
const SECTION = "Your first number";
const MAX_SECONDS = 60;
const MAX_CONCEPTS = 6;

/** What the section says: what to type, and what then shows where. */
async function readSection() {
  const page = await Deno.readTextFile(PAGE);
  const section = page.split(/^## /m).find((text) => text.startsWith(`${SECTION}\n`));
  if (section === undefined) throw new Error(`There is no section "${SECTION}" in ${PAGE}`);
  const fences = [...section.matchAll(/^```(\w+).*\n([^]*?)^```$/gm)].map(([, kind, text]) => ({
    kind,
    text: text!,
  }));
  const [first, , last] = fences;
  const kinds = fences.map(({ kind }) => kind).join();
  if (kinds !== "sh,js,sh") throw new Error(`The section has other fences: ${kinds}`);
  const file = /Put this into `([^`]+)`/.exec(section)?.[1];
  const url = /Open <([^>]+)>/.exec(section)?.[1];
  const number = /it says `([^`]+)`/.exec(section)?.[1];
  if (file === undefined || url === undefined || number === undefined) {
    throw new Error("The section says no longer what goes where");
  }
  const told = section.slice(section.indexOf("six concepts"));
  const concepts = [...told.matchAll(/\b_(\w+)_\b/g)].map(([, concept]) => concept!);
  return {
    setUp: first!.text.replaceAll("/path/to/clone/", ROOT),
    start: last!.text,
    code: fences[1]!.text,
    file,
    url,
    number,
    concepts,
  };
}

/** Nothing of this machine but its programs, and where npm finds packages. */
async function cleanEnv(home: string): Promise<Record<string, string>> {
  const kept = Object.entries(Deno.env.toObject())
    .filter(([name]) =>
      /^(npm_config_registry|https?_proxy|no_proxy|node_extra_ca_certs)$/i.test(name)
    );
  const registry = (await run("npm", ["config", "get", "registry"])).trim();
  const node = tools.node22.slice(0, tools.node22.lastIndexOf("/"));
  return {
    ...Object.fromEntries(kept),
    npm_config_registry: registry,
    HOME: home,
    PATH: `${node}:${Deno.env.get("PATH")}`,
  };
}

/** Shows a page in a browser without a window. @returns what it shows; nothing where it cannot */
async function show(url: string, chromium: string | undefined, home: string): Promise<string> {
  if (chromium === undefined) return await (await fetch(url)).text();
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
  return await run(chromium, [...flags, `--user-data-dir=${home}/chromium`, "--dump-dom", url]);
}

const { setUp, start, code, file, url, number, concepts } = await readSection();
await installTools();
if (!await exists(BUSBAR.tarball)) await pack();
const home = await Deno.makeTempDir({ prefix: "busbar-first-number-" });
const chromium = findChromium();
const env = await cleanEnv(home);
const shell = (script: string) =>
  new Deno.Command("sh", {
    args: ["-ec", script],
    cwd: home,
    env,
    clearEnv: true,
    stdout: "piped",
    stderr: "piped",
  });
const began = performance.now();
try {
  // The shell of whoever types stays in the directory that it went to.
  const { success, stderr, stdout } = await shell(`${setUp}pwd > ${home}/where`).output();
  if (!success) {
    throw new Error(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
  }
  const where = (await Deno.readTextFile(`${home}/where`)).trim();
  await Deno.writeTextFile(`${where}/${file}`, code);
  const program = shell(`cd ${where}\nexec ${start}`).spawn();
  const reader = program.stderr.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let said = "";
    // It says where its metrics are.
    while (!said.includes(url)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`It ended before it said where its metrics are: ${said}`);
      said += value;
    }
    const shown = await show(url, chromium, home);
    if (!shown.includes(`${number}\n`)) throw new Error(`${number} is not in\n${shown}`);
  } finally {
    program.kill("SIGTERM");
    await reader.cancel();
    await program.stdout.cancel();
    await program.status;
  }
} finally {
  await Deno.remove(home, { recursive: true });
}
const seconds = (performance.now() - began) / 1_000;
const where = chromium === undefined ? "a fetch, since there is no Chromium" : "Chromium";
say(`${number} in ${where} after ${seconds.toFixed(1)} s, with ${concepts.length} concepts`);
if (seconds > MAX_SECONDS || concepts.length > MAX_CONCEPTS) {
  throw new Error(`It must take at most ${MAX_SECONDS} s and ${MAX_CONCEPTS} concepts`);
}
