import { assert, assertEquals } from "@std/assert";
import { parseAllDocuments } from "yaml";
import { DEFAULT_OBSERVABILITY_CONFIG } from "@busbar/busbar/observability";
import config from "../../../deno.json" with { type: "json" };
import { start } from "../../support/processes.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const DEPLOY = new URL("../../../deploy/", import.meta.url);
const read = (file: string) => Deno.readTextFile(new URL(file, DEPLOY));

// deno-lint-ignore no-explicit-any -- a manifest, as it is read
type Manifest = any;

/** The objects of a file; strict YAML 1.2, no key twice. */
async function objectsOf(file: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await read(`kubernetes/${file}`), {
    strict: true,
  });
  return documents.map((document) => {
    assertEquals(
      [...document.errors, ...document.warnings].map(String),
      [],
      file,
    );
    return document.toJS();
  });
}

const [deployment] = await objectsOf("deployment.yaml");
const services = await objectsOf("service.yaml");
const [monitor] = await objectsOf("servicemonitor.yaml");
const pod = deployment.spec.template;
const [container] = pod.spec.containers;
const isPartOf = (part: object, whole: Record<string, unknown>) =>
  Object.entries(part).every(([name, value]) => whole[name] === value);

Deno.test("every manifest is well-formed, and is in the kustomization", async () => {
  const files = Array.from(
    Deno.readDirSync(new URL("kubernetes/", DEPLOY)),
    ({ name }) => name,
  );
  const [{ resources }] = await objectsOf("kustomization.yaml");
  assertEquals(
    [...resources, "kustomization.yaml"].toSorted(),
    files.toSorted(),
  );
  for (const file of files) {
    for (const { apiVersion, kind } of await objectsOf(file)) {
      assert(typeof apiVersion === "string" && typeof kind === "string", file);
    }
  }
});

Deno.test("selectors, ports and the secret are those of the deployment", () => {
  const portNames = container.ports.map(({ name }: { name: string }) => name);
  assert(isPartOf(deployment.spec.selector.matchLabels, pod.metadata.labels));
  for (const { spec } of services) {
    assert(isPartOf(spec.selector, pod.metadata.labels));
    for (const { targetPort } of spec.ports) {
      assert(portNames.includes(targetPort), targetPort);
    }
  }
  const watched = services.filter(({ metadata }) =>
    isPartOf(monitor.spec.selector.matchLabels, metadata.labels)
  );
  assertEquals(watched.length, 1);
  const [endpoint] = monitor.spec.endpoints;
  assert(
    watched[0].spec.ports.some(({ name }: { name: string }) => name === endpoint.port),
  );
  const { name, key } = endpoint.authorization.credentials;
  assertEquals(pod.spec.volumes[0].secret.secretName, name);
  const tokenFile = container.env.find((one: Manifest) => one.name === "BUSBAR_METRICS_TOKEN_FILE");
  assertEquals(
    tokenFile.value,
    `${container.volumeMounts[0].mountPath}/${key}`,
  );
  const metrics = container.ports.find((port: Manifest) => port.name === "metrics");
  assertEquals(
    metrics.containerPort,
    DEFAULT_OBSERVABILITY_CONFIG.prometheus.port,
  );
});

Deno.test("the drain outlasts the readiness probe, and the grace period both steps", async () => {
  const code = await read("main.mjs");
  const number = (pattern: RegExp) => Number(pattern.exec(code)?.[1]?.replaceAll("_", ""));
  const drainMs = number(/DRAIN_MS \?\? ([\d_]+)/);
  const timeoutMs = number(/timeoutMs: ([\d_]+)/);
  const { periodSeconds, failureThreshold } = container.readinessProbe;
  assert(periodSeconds * failureThreshold * 1_000 < drainMs);
  assert(pod.spec.terminationGracePeriodSeconds * 1_000 > drainMs + timeoutMs);
});

Deno.test("the image has what the service needs", async () => {
  const dockerfile = await read("Dockerfile");
  const [, main = ""] = /^CMD \["node", "(.*)"\]$/m.exec(dockerfile) ?? [];
  assert(dockerfile.includes(`\nCOPY ${main} .\n`) && (await read(main)).length > 0, main);
  const installed = dockerfile.match(/@[\w-]+\/[\w-]+@[\d.]+/g);
  const api = config.imports["@opentelemetry/api"].replace("npm:", "");
  assertEquals(installed, [`@busbar/busbar@${config.version}`, api]);
  const ports = container.ports.map(({ containerPort }: Manifest) => containerPort);
  assertEquals(/^EXPOSE (.*)$/m.exec(dockerfile)?.[1], ports.join(" "));
});

Deno.test("health is everybody's, metrics need the token, and a signal makes it not ready", async () => {
  await using folder = await temporaryFolder();
  const token = "a".repeat(32);
  await Deno.writeTextFile(`${folder.path}/token`, `${token}\n`);
  await using service = start(Deno.execPath(), [
    ...[
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      "--allow-read",
    ],
    ...["--allow-sys", new URL("main.mjs", DEPLOY).pathname],
  ], {
    env: {
      PORT: "0",
      DRAIN_MS: "60000", // until the second signal
      OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0",
      OTEL_EXPORTER_PROMETHEUS_PORT: "0",
      BUSBAR_METRICS_TOKEN_FILE: `${folder.path}/token`,
    },
  });
  const [line] = await service.printed(/^\{"body":"listening".*\}$/m);
  const { port, metricsUrl } = JSON.parse(line);
  const metrics = `http://127.0.0.1:${new URL(metricsUrl).port}`;
  const status = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init);
    await response.body?.cancel();
    return response.status;
  };
  const probes = ["startupProbe", "livenessProbe", "readinessProbe"]
    .map((probe) => container[probe].httpGet);
  for (const { path, port } of probes) {
    assertEquals([port, await status(metrics + path)], ["metrics", 200], path);
  }
  const { path } = monitor.spec.endpoints[0];
  const authorization = `Bearer ${token}`;
  assertEquals(await status(metrics + path), 401);
  assertEquals(
    await status(metrics + path, { headers: { authorization } }),
    200,
  );

  service.kill("SIGTERM");
  while (await status(`${metrics}/readyz`) !== 503); // it may come a moment later
  assertEquals(await status(`${metrics}/healthz`), 200);
  assertEquals(await status(`http://127.0.0.1:${port}/items/7`), 200);
  service.kill("SIGTERM");
  await service.ended;
});
