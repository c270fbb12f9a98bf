import { assertEquals } from "@std/assert";

const SERVING = new URL("./serving.ts", import.meta.url).pathname;
const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const PLAIN = "text/plain; charset=utf-8";

/** Node runs TypeScript as it is from 22.18 on; where a runtime is not there, its test is skipped. */
function runtimes(): [name: string, program: string, args: string[], isThere: boolean][] {
  const node = Deno.env.get("BUSBAR_NODE") ?? "node";
  const bun = Deno.env.get("BUSBAR_BUN") ?? "bun";
  return [
    ["Deno", Deno.execPath(), ["run", "--quiet", "--allow-net"], true],
    ["Node", node, ["--disable-warning=ExperimentalWarning"], isRecentNode(version(node))],
    ["Bun", bun, ["run"], version(bun) !== ""],
  ];
}

function isRecentNode(text: string): boolean {
  const [major = 0, minor = 0] = text.slice(1).split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

function version(program: string): string {
  try {
    const { stdout } = new Deno.Command(program, { args: ["--version"] }).outputSync();
    return new TextDecoder().decode(stdout);
  } catch {
    return "";
  }
}

for (const [name, program, args, isThere] of runtimes()) {
  Deno.test({
    name: `${name} serves metrics with its own server`,
    ignore: !isThere,
    async fn() {
      const { stdout, stderr } = await new Deno.Command(program, { args: [...args, SERVING] })
        .output();
      const decoder = new TextDecoder();
      assertEquals(decoder.decode(stderr), "");
      assertEquals(JSON.parse(decoder.decode(stdout)), [
        ["127.0.0.1", "/metrics"],
        [200, TEXT, "up 1\n"],
        [200, "application/openmetrics-text; version=1.0.0; charset=utf-8", "up 1.0\n# EOF\n"],
        [200, TEXT, "up 1\n"],
        [200, TEXT, ""],
        [405, PLAIN, "Method not allowed\n"],
        [200, PLAIN, "ok\n"],
        [404, PLAIN, "Not found. The metrics are at /metrics\n"],
        ["AddressInUseError", true],
        ["gone"],
      ]);
    },
  });
}
