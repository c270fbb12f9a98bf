import { createProject } from "./consumer.ts";
import { BUSBAR, type Package } from "./packages.ts";
import { ROOT, run } from "./run.ts";
import { tools } from "./tools.ts";

const RUNNERS = { vitest: "4.1.12", jest: "30.5.2" };

/** The snippets of a page that its tests do not run, in order. */
async function snippetsOf(page: string, count: number): Promise<string[]> {
  const text = await Deno.readTextFile(ROOT + page);
  const snippets = [...text.matchAll(/^```js ignore\n(.*?)^```$/gms)].map(([, code]) => code!);
  if (snippets.length !== count) {
    throw new Error(`Cannot read ${page}: it must have ${count} snippets, not ${snippets.length}`);
  }
  return snippets;
}

/** Runs the tests of the page on Vitest and Jest. */
async function checkTestRunners(directory: string): Promise<void> {
  const [code = "", vitest = "", jest = ""] = await snippetsOf("docs/guides/jest-and-vitest.md", 3);
  const files = {
    "order.js": code,
    "order.cjs": `${code.replace("export ", "")}module.exports = { order };\n`,
    "order.test.js": vitest,
    "order.test.cjs": jest,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(directory + name, text);
  }
  const options = { cwd: directory };
  await run(tools.node22, ["node_modules/vitest/vitest.mjs", "run", "order.test.js"], options);
  const matching = ["--testMatch", "**/order.test.cjs"];
  await run(tools.node22, ["node_modules/jest/bin/jest.js", ...matching], options);
}

/** Runs the program of the page on CommonJS, asks it, and ends it. */
async function checkCommonJs(directory: string): Promise<void> {
  const [program = ""] = await snippetsOf("docs/guides/commonjs.md", 1);
  await Deno.writeTextFile(`${directory}main.cjs`, program);
  const child = new Deno.Command(tools.node22, {
    args: ["main.cjs"],
    cwd: directory,
    env: { PORT: "0" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  try {
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let printed = "";
    while (!printed.includes("\n")) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`Cannot run the page's program, it printed:\n${printed}`);
      printed += value;
    }
    const origin = printed.split("\n")[0]!;
    await (await fetch(`${origin}/`)).text();
    const scrape = await (await fetch(`${origin}/metrics`)).text();
    if (!/^http_server_request_duration_seconds_count.* 1$/m.test(scrape)) {
      throw new Error(`Cannot find the request in the scrape:\n${scrape}`);
    }
    await lines.cancel();
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

/** What pages show of Vitest, Jest and `require`, with the package as npm installs it. */
export async function checkPages({ tarball }: Package): Promise<void> {
  await using project = await createProject({
    [BUSBAR.name]: `file:${tarball}`,
    "@opentelemetry/api": "1.10.0",
    ...RUNNERS,
  });
  await checkTestRunners(project.directory);
  await checkCommonJs(project.directory);
}
