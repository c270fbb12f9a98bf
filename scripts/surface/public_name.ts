import { project } from "../package/manifest.ts";
import { ROOT, run } from "../package/run.ts";

/** A name that at least one entry point exports. */
export interface PublicName {
  readonly name: string;
  /** The file that declares it, by its path from the root. */
  readonly file: string;
  /** The names that its types mention. */
  readonly mentions: ReadonlySet<string>;
}

/** What `deno doc --json` says of a declaration. */
interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string };
  /** A `reference` is exported by one entry point and declared beneath another. */
  readonly def?: { readonly target?: { readonly filename: string } };
}

interface Documentation {
  readonly nodes: Readonly<
    Record<string, { symbols: readonly { name: string; declarations: readonly Declaration[] }[] }>
  >;
}

/** Adds the names of types, and of classes that are extended, anywhere within `node`. */
function addMentions(node: unknown, names: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === "jsDoc") continue;
    if ((key === "typeName" || key === "extends") && typeof value === "string") names.add(value);
    else if (key === "value" && "kind" in node && node.kind === "typeQuery") {
      names.add(String(value));
    } else addMentions(value, names);
  }
}

/** The distinct names over all entry points of `deno.json`, by the alphabet. */
export async function publicNames(): Promise<PublicName[]> {
  const entries = Object.values(project.exports);
  const { nodes }: Documentation = JSON.parse(
    await run(Deno.execPath(), ["doc", "--json", "--quiet", ...entries]),
  );
  const names = new Map<string, { name: string; file: string; mentions: Set<string> }>();
  for (const { symbols } of Object.values(nodes)) {
    for (const { name, declarations } of symbols) {
      for (const { location, def } of declarations) {
        const file = (def?.target ?? location).filename.replace(`file://${ROOT}`, "");
        const known = names.get(name) ?? { name, file, mentions: new Set<string>() };
        names.set(name, known);
        addMentions(def, known.mentions);
      }
    }
  }
  return [...names.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}
