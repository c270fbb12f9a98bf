import { tools } from "../../package/tools.ts";

/**
 * Starts workerd on `service.js`.
 *
 * @param variables what the worker finds in its environment
 * @returns its address, and what ends it
 */
export async function serve(
  directory: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly url: string }> {
  const bindings = Object.entries(variables)
    .map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`);
  await Deno.writeTextFile(
    `${directory}service.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "service.js", esModule = embed "service.js")],
      compatibilityDate = "2026-01-01",
      compatibilityFlags = ["nodejs_compat"],
      bindings = [${bindings.join(", ")}],
    )),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  );
  const child = new Deno.Command(tools.workerd, {
    args: ["serve", "service.capnp", "--control-fd=1"],
    cwd: directory,
    stdin: "null",
    stdout: "piped",
    // It warns of each promise that a request has left behind, as they do here.
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  let said = "";
  while (!/"port":(\d+)/.test(said)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`Cannot serve with workerd, it said: ${said}`);
    said += new TextDecoder().decode(value);
  }
  return {
    url: `http://127.0.0.1:${/"port":(\d+)/.exec(said)![1]}`,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
