/**
 * Draws the README's picture: starts the service of the README's first snippet, sends it requests,
 * runs the commands below in a shell, and writes what was printed as an SVG of a terminal. Nothing in
 * the picture is made up.
 *
 * @module
 */
import { ROOT } from "./package/run.ts";
import { README_PORT, readmeService } from "./readme_service.ts";

const OUTPUT = `${ROOT}docs/images/scrape.svg`;
const ORIGIN = `127.0.0.1:${README_PORT}`;
const COMMANDS = [
  `curl ${ORIGIN}/items/7`,
  `for i in $(seq 500); do curl -s -o /dev/null ${ORIGIN}/items/$i; done`,
  `curl -s -o /dev/null ${ORIGIN}/nowhere`,
  `curl -s ${ORIGIN}/metrics | grep -E '^http_server_request_duration.*(le="0.01"|le="\\+Inf"|_sum|_count)'`,
  `curl -s ${ORIGIN}/metrics | grep -E '^busbar_event_bus_(published|delivered|lost.*full)'`,
];
/** Longer lines are wrapped, as a terminal does. */
const COLUMNS = 118;

/** What a shell prints for a command. */
async function shell(command: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-c", command] })
    .output();
  if (code !== 0) throw new Error(`Cannot run ${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Waits until the service answers, at most some seconds. */
async function answered(): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return void await (await fetch(`http://${ORIGIN}/metrics`)).text();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The terminal's lines: what was typed, and what it printed. */
async function session(): Promise<string[]> {
  const main = `${ROOT}docs/images/main.tmp.mjs`;
  await Deno.mkdir(`${ROOT}docs/images`, { recursive: true });
  await Deno.writeTextFile(main, await readmeService());
  const service = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-net=127.0.0.1", "--allow-sys", main],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  try {
    await answered();
    const lines: string[] = [];
    for (const command of COMMANDS) {
      lines.push(`$ ${command}`, ...(await shell(command)).trimEnd().split("\n"));
    }
    return lines.filter((line) => line !== "");
  } finally {
    service.kill("SIGKILL");
    await service.status;
    await Deno.remove(main);
  }
}

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Colours by what a part of a line is; only colours are added to what was printed. */
function parts(line: string): [text: string, colour?: string][] {
  if (line.startsWith("$ ")) return [["$", "#7ee787"], [line.slice(1)]];
  const [, name, labels = "", value] = /^(\w+)(\{.*\})?( [\d.e+-]+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) return [[line]];
  return [[name, "#79c0ff"], [labels, "#8b949e"], [value, "#ffa657"]];
}

/** A line as rows of SVG's text, each as long as a terminal's. */
function rows(line: string): string[] {
  const rows: string[] = [];
  let [row, length] = ["", 0];
  for (const [text, colour] of parts(line)) {
    for (let at = 0; at < text.length;) {
      const piece = text.slice(at, at + COLUMNS - length);
      row += colour === undefined
        ? escape(piece)
        : `<tspan fill="${colour}">${escape(piece)}</tspan>`;
      at += piece.length;
      length += piece.length;
      if (length < COLUMNS) continue;
      rows.push(row);
      [row, length] = ["", 0];
    }
  }
  return row === "" ? rows : [...rows, row];
}

function draw(lines: readonly string[]): string {
  const [left, top, lineHeight, advance] = [16, 44, 18, 7.25];
  const all = lines.flatMap(rows);
  const width = Math.ceil(left * 2 + COLUMNS * advance);
  const height = top + all.length * lineHeight + 8;
  const texts = all.map((text, row) =>
    `<text x="${left}" y="${top + row * lineHeight}" xml:space="preserve">${text}</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="12" fill="#e6edf3">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g fill="#30363d"><circle cx="20" cy="16" r="5"/><circle cx="38" cy="16" r="5"/><circle cx="56" cy="16" r="5"/></g>
${texts.join("\n")}
</svg>
`;
}

if (import.meta.main) {
  const svg = draw(await session());
  await Deno.writeTextFile(OUTPUT, svg);
  // deno-lint-ignore no-console -- a script prints what it has done
  console.log(`${OUTPUT}: ${svg.length} bytes`);
}
