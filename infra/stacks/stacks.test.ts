import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { KNOWN_PASSWORD, wantedRevision, writeKnownCopy } from "../../tests/support/known-copy";
import { SIZES, type SizeName } from "../copies/sizes";
import { stackProps } from "../runtimes/docker/stack-props";
import { synthCopy, synthImages } from "./synth";

/** A container as the configuration has it. */
interface ContainerJson {
  readonly name: string;
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly must_run?: boolean;
  readonly ports?: readonly { readonly ip: string; readonly external: number }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly env?: readonly string[];
  readonly networks_advanced?: readonly { readonly name: string; readonly aliases?: readonly string[] }[];
  readonly volumes?: readonly { readonly volume_name: string; readonly container_path: string }[];
  readonly upload?: readonly { readonly file: string; readonly source: string; readonly source_hash: string }[];
  readonly [other: string]: unknown;
}

interface StackJson {
  readonly terraform: {
    readonly backend: { readonly local: { readonly path: string } };
    readonly required_providers: { readonly docker: { readonly source: string; readonly version: string } };
  };
  readonly data: { readonly docker_image: Readonly<Record<string, { readonly name: string }>> };
  readonly resource: {
    readonly docker_container: Readonly<Record<string, ContainerJson>>;
    readonly docker_network: Readonly<Record<string, { readonly ipam_config: readonly unknown[] }>>;
    readonly docker_volume: Readonly<Record<string, { readonly name: string }>>;
    readonly docker_image: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function readStack(directory: string): { text: string; json: StackJson } {
  const text = readFileSync(join(directory, "cdk.tf.json"), "utf8");
  return { text, json: JSON.parse(text) as StackJson };
}

/** The stack of a copy with the given revisions wanted. */
function copyStack(size: SizeName, revisions: readonly string[] = ["aaaaaaaaaaaa"]) {
  const { copy, deployment } = writeKnownCopy(join(folder.path, size), "qa", size);
  const props = stackProps(copy, deployment.images, revisions.map(wantedRevision));
  const synthesised = synthCopy(copy.paths.terraform, "qa", props);
  const { text, json } = readStack(synthesised.folder);
  const containers = json.resource.docker_container;
  const lasting = Object.entries(containers).filter(([, { must_run }]) => must_run !== false);
  return { text, json, containers, lasting, copy, addresses: synthesised.addresses };
}

describe.each<SizeName>(["small", "full"])("the stack of a %s copy", (size) => {
  const { text, json, containers, lasting, copy } = copyStack(size);
  const byAddress = (start: string) => lasting.filter(([address]) => address.startsWith(start)).map(([, one]) => one);

  test("has one database, one queue, one proxy and the size's API processes; the rest fills a volume and ends", () => {
    const count = (start: string) => byAddress(start).length;
    expect([count("database"), count("queue"), count("proxy"), count("api")]).toEqual([
      1,
      1,
      1,
      SIZES[size].apiProcesses,
    ]);
    expect(lasting).toHaveLength(3 + SIZES[size].apiProcesses);
    const seeds = Object.values(containers).filter(({ must_run }) => must_run === false);
    expect(seeds).toHaveLength(2);
    for (const seed of seeds) expect(seed).toMatchObject({ network_mode: "none", restart: "no", command: ["true"] });
  });

  test.each(lasting)(
    "%s asks a health question, is bounded in memory and log, drops ALL and ends in order",
    (address, one) => {
      expect(one.healthcheck?.test.length).toBeGreaterThan(1);
      expect(one).toMatchObject({
        memory: expect.any(Number),
        memory_swap: one["memory"],
        capabilities: { drop: ["ALL"] },
        security_opts: ["no-new-privileges"],
        // An API process finishes its batch: 600 s, what is answered then 15 s, and 5 s to spare.
        destroy_grace_seconds: address.startsWith("api") ? 620 : 20,
        restart: "unless-stopped",
        log_opts: { "max-size": "10m", "max-file": "3" },
      });
    },
  );

  test("all but the two servers have a read-only root and a user that is not root", () => {
    for (const one of [...byAddress("api"), ...byAddress("proxy")]) {
      expect([one.name, one.read_only]).toEqual([one.name, true]);
      expect(one.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    }
  });

  test("memory is the size's", () => {
    for (const one of byAddress("api")) expect(one["memory"]).toBe(SIZES[size].apiMemoryMiB);
    expect(byAddress("database")[0]?.["memory"]).toBe(SIZES[size].databaseMemoryMiB);
    expect(byAddress("queue")[0]?.["memory"]).toBe(SIZES[size].queueMemoryMiB);
  });

  test("every container runs an image by the id of a reference with a tag that is a hash", () => {
    const images = Object.entries(json.data.docker_image);
    for (const [, { name }] of images) expect(name).toMatch(/:[0-9a-f]{12}$/);
    const ids = images.map(([address]) => `\${data.docker_image.${address}.id}`);
    for (const { image } of Object.values(containers)) expect(ids).toContain(image);
  });

  test.each([
    ["database", /-qa-data$/],
    ["queue", /-qa-queue$/],
  ])("what the %s holds lies in a volume of its own on /pgdata", (role, name) => {
    const [server] = byAddress(role);
    const mount = server?.volumes?.find(({ container_path }) => container_path === "/pgdata");
    const address = mount?.volume_name.match(/docker_volume\.(\w+)\.name/)?.[1] ?? "";
    expect(json.resource.docker_volume[address]?.name).toMatch(name);
  });

  test("the servers start side by side, each once the secrets are there", () => {
    const [database, queue] = [byAddress("database")[0], byAddress("queue")[0]];
    expect(queue?.["depends_on"]).toEqual(database?.["depends_on"]);
    expect(queue?.networks_advanced?.[0]?.aliases).toEqual(["queue"]);
  });

  test("nothing is published but the proxy and the two servers, on 127.0.0.1 only", () => {
    const published = Object.values(containers).flatMap(({ ports = [] }) => ports);
    expect(published.map(({ ip, external }) => [ip, external]).sort()).toEqual([
      ["127.0.0.1", 3456],
      ["127.0.0.1", 5678],
      ["127.0.0.1", 6789],
    ]);
  });

  test("the network has the subnet that the copy was promised", () => {
    const networks = Object.values(json.resource.docker_network);
    expect(networks.map(({ ipam_config }) => ipam_config)).toEqual([[{ subnet: "10.213.7.64/26" }]]);
  });

  test("no secret stands in it, and no host path is mounted", () => {
    expect(text).not.toContain(KNOWN_PASSWORD);
    expect(text).not.toMatch(/host_path|"bind"/);
    const variables = Object.values(containers).flatMap(({ env = [] }) => env);
    expect(variables.filter((line) => /PASSWORD|SECRET|TOKEN/.test(line) && !/_FILE=\//.test(line))).toEqual([]);
  });

  test("the provider is the 4.5 line, and the state is the copy's own by an absolute path", () => {
    expect(json.terraform.required_providers.docker).toEqual({ source: "kreuzwerker/docker", version: "~> 4.5" });
    const { path } = json.terraform.backend.local;
    expect(path).toBe(join(copy.paths.terraform, "terraform.tfstate"));
    expect(isAbsolute(path)).toBe(true);
  });
});

describe("two revisions side by side", () => {
  const revisions = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
  const { containers, addresses } = copyStack("full", revisions);

  test("have addresses and names of their own, which carry the revision, and one alias for the proxy", () => {
    expect(new Set(addresses).size).toBe(4);
    for (const revision of revisions) {
      const own = addresses.filter((address) => address.includes(revision));
      expect(own).toHaveLength(2);
      for (const address of own) {
        const one = containers[address.replace("docker_container.", "")];
        expect(one?.name).toContain(`-api-${revision}-`);
        expect(one?.image).toBe(`\${data.docker_image.api-image-${revision}.id}`);
        expect(one?.networks_advanced?.[0]?.aliases).toEqual(["api"]);
      }
    }
    const names = Object.values(containers).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("leave the address of the one that stays as it was", () => {
    const alone = copyStack("full", ["bbbbbbbbbbbb"]);
    expect(addresses).toEqual(expect.arrayContaining([...alone.addresses]));
    for (const address of alone.addresses.map((one) => one.replace("docker_container.", ""))) {
      expect(alone.containers[address]).toEqual(containers[address]);
    }
  });
});

describe("a file of the user that the service reads", () => {
  const { copy, deployment } = writeKnownCopy(join(folder.path, "files"), "qa", "small");
  const names = ["event-fields-aaaaaaaaaaaa.json", "event-fields-bbbbbbbbbbbb.json"];
  mkdirSync(copy.paths.files, { recursive: true });
  for (const name of names) writeFileSync(join(copy.paths.files, name), `{"client":["${name}"]}`);
  const revisions = names.map((name, index) => {
    const revision = wantedRevision(`${index}`.repeat(12));
    return { ...revision, environment: { ...revision.environment, EVENT_FIELDS_FILE: `/run/secrets/${name}` } };
  });
  const { folder: outdir } = synthCopy(copy.paths.terraform, "qa", stackProps(copy, deployment.images, revisions));
  const { text, json } = readStack(outdir);
  const containers = Object.values(json.resource.docker_container);

  test("is uploaded by its content for each revision that names it, and mounted where that looks for it", () => {
    const uploads = containers.flatMap(({ upload = [] }) => upload);
    const found = uploads.filter(({ file }) => file.includes("event-fields"));
    expect(found.map(({ file, source }) => [file, source])).toEqual(
      names.map((name) => [`/seed/${name}`, join(copy.paths.files, name)]),
    );
    expect(new Set(found.map(({ source_hash }) => source_hash)).size).toBe(2);
    expect(text).not.toContain('{\\"client');
    const apis = containers.filter(({ name }) => name.includes("-api-"));
    expect(apis).toHaveLength(2);
    for (const { read_only, volumes } of apis) {
      expect(read_only).toBe(true);
      expect(volumes).toContainEqual(expect.objectContaining({ container_path: "/run/secrets", read_only: true }));
    }
  });
});

test("the images stack builds each image on its base under its hash and keeps it in the engine", () => {
  const reference = "rates-00000000/api:0123456789ab";
  const [name, hash, context, base] = ["api" as const, "0123456789ab", "/context", "node:24-slim"];
  const builds = [{ name, hash, reference, context, base, labels: { "rates.checkout": "00000000" } }];
  const outdir = join(folder.path, "images");
  const { json } = readStack(synthImages(outdir, { stateFile: join(outdir, "terraform.tfstate"), builds }));
  expect(json.resource.docker_image["api-0123456789ab"]).toMatchObject({
    name: reference,
    keep_locally: true,
    build: { context, build_args: { BASE: base }, label: { "rates.checkout": "00000000" } },
  });
  expect(json.terraform.backend.local.path).toBe(join(outdir, "terraform.tfstate"));
});
