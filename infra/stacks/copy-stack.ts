import { DataDockerImage } from "@cdktf/provider-docker/lib/data-docker-image";
import { Network } from "@cdktf/provider-docker/lib/network";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { DATABASE_HOST, type DockerNames, QUEUE_HOST } from "../copies/docker-names";
import type { Size } from "../copies/sizes";
import type { ImageName } from "../images/image-build";
import { Api } from "./api";
import { labelList } from "./container";
import { Postgres } from "./postgres";
import { DockerStack, type DockerStackProps } from "./provider";
import { HaProxy } from "./proxy";
import { SeededVolume } from "./seeded-volume";

/** One wanted revision of the API. Two of them stand side by side while one replaces the other. */
export interface WantedRevision {
  readonly revision: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface CopyStackProps extends DockerStackProps {
  readonly names: DockerNames;
  readonly size: Size;
  /** CIDR of the copy's network. */
  readonly subnet: string;
  readonly port: number;
  readonly databasePort: number;
  readonly queuePort: number;
  /** The address of the engine's machine on which the ports are published. */
  readonly publishedOn: string;
  /** Image references by name; the API's come with the revisions. */
  readonly images: Readonly<Record<Exclude<ImageName, "api">, string>>;
  readonly revisions: readonly WantedRevision[];
  /** Absolute paths on this machine, by name in the volume: passwords, and what else a container is given as a file. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly proxyConfig: string;
}

/** One complete copy: network, secrets, database, queue, the API in its wanted revisions, and the proxy in front of it. */
export class CopyStack extends DockerStack {
  readonly database: Postgres;
  readonly apis: readonly Api[];

  constructor(scope: Construct, id: string, props: CopyStackProps) {
    super(scope, id, props);
    const { names, size } = props;
    const image = (key: string, reference: string) => new DataDockerImage(this, key, { name: reference }).id;
    const databaseImage = image("database-image", props.images.database);
    const queueImage = image("queue-image", props.images.queue);
    const proxyImage = image("proxy-image", props.images.proxy);
    const network = new Network(this, "network", {
      name: names.network,
      // Explicit, because an engine runs out of its default networks at about 31.
      ipamConfig: [{ subnet: props.subnet }],
      labels: labelList(names.labels("network")),
    });
    const secrets = new SeededVolume(this, "secrets", {
      volume: names.secretsVolume,
      container: names.container("secrets"),
      labels: names.labels("secrets"),
      image: proxyImage,
      files: props.secrets,
    });
    const config = new SeededVolume(this, "proxy-config", {
      volume: names.proxyConfigVolume,
      container: names.container("proxy-config"),
      labels: names.labels("proxy-config"),
      image: proxyImage,
      files: { "haproxy.cfg": props.proxyConfig },
    });
    const server = {
      names,
      network: network.name,
      secretsVolume: secrets.volumeName,
      publishedOn: props.publishedOn,
      dependsOn: [secrets.seed],
    };
    this.database = new Postgres(this, "database", {
      ...server,
      role: "database",
      host: DATABASE_HOST,
      image: databaseImage,
      dataVolume: names.dataVolume,
      publishedPort: props.databasePort,
      memoryMiB: size.databaseMemoryMiB,
      // The engine's 64 MiB is little for parallel queries.
      sharedMiB: 256,
    });
    new Postgres(this, "queue", {
      ...server,
      role: "queue",
      host: QUEUE_HOST,
      image: queueImage,
      dataVolume: names.queueVolume,
      publishedPort: props.queuePort,
      memoryMiB: size.queueMemoryMiB,
      sharedMiB: 64,
    });
    const proxy = new HaProxy(this, "proxy", {
      names,
      image: proxyImage,
      network: network.name,
      configVolume: config.volumeName,
      publishedPort: props.port,
      publishedOn: props.publishedOn,
      dependsOn: [config.seed],
    });
    this.apis = props.revisions.flatMap(({ revision, image: reference, environment }) => {
      const apiImage = image(`api-image-${revision}`, reference);
      return Array.from({ length: size.apiProcesses }, (_, index) => {
        return new Api(this, `api-${revision}-${index}`, {
          names,
          image: apiImage,
          network: network.name,
          secretsVolume: secrets.volumeName,
          revision,
          index,
          environment,
          memoryMiB: size.apiMemoryMiB,
          heapMiB: size.heapMiB,
          // The gate opens only once the proxy has probed the process, so the proxy has to be there first. For its
          // database the process waits by itself, so both start side by side.
          dependsOn: [secrets.seed, proxy.container],
        });
      });
    });
    new TerraformOutput(this, "url", { value: `http://${props.publishedOn}:${props.port}` });
  }
}
